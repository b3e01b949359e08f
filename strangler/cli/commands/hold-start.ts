import type { Command } from 'commander'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseDurationMs } from '../parse-mode.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addHoldStart(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('start')
    .description('keep new writes of a capability waiting in every proxy')
    .argument('<capability>')
  addDecisionOptions(command)
    .option('--for <duration>', 'how long unless fenced, e.g. 5s; 60s at most', parseDurationMs)
    .addHelpText('after', '\nExamples:\n  strangler hold start inventory --for 5s --because "dry run"')
    .action(async (capability: string, options: DecisionOptions & { for?: number }) => {
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const forMs = options.for === undefined ? {} : { forMs: options.for }
      const answer = await client.startHold({ ...fields, ...forMs, capability })
      if (options.json) return writeJson(terminal, answer)
      writeLine(
        terminal,
        `Writes of ${capability} are held (version ${answer.version}). \`strangler hold status\` shows which proxies have none in flight.`,
      )
    })
}
