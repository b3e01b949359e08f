import type { Command } from 'commander'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addRouteClear(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('clear')
    .description('take an operator’s mode back: as the stage or the configuration says')
    .argument('<endpoint>', 'method and path as in the configuration, in quotes')
  addDecisionOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  strangler route clear "GET /api/inventory/:sku" --because "its stage may go on"',
    )
    .action(async (endpoint: string, options: DecisionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.clearRoute({
        ...(await decisionFields(client, options, terminal)),
        endpoint,
      })
      if (options.json) return writeJson(terminal, answer)
      const verb = answer.changed ? 'is now' : 'was already'
      writeLine(
        terminal,
        `${endpoint} ${verb} as its stage or the configuration says (version ${answer.version}).`,
      )
    })
}
