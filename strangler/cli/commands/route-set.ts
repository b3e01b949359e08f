import type { Command } from 'commander'
import type { ModeSetting } from '../../core/words.ts'
import {
  addDecisionOptions,
  type DecisionOptions,
  decisionFields,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseMode, showMode } from '../parse-mode.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler route set "GET /api/inventory/:sku" canary=25 --because "a quarter of the users, for a day"
  strangler route set "GET /api/inventory/:sku" service --because "error rate is flat"
  strangler route set "GET /api/inventory/:sku" monolith --because "5xx since the canary" --expect 12`

export function addRouteSet(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('set')
    .description('send an endpoint’s requests elsewhere')
    .argument('<endpoint>', 'method and path as in the configuration, in quotes')
    .argument('<mode>', 'monolith, shadow, service, or canary=PERCENT', parseMode)
  addDecisionOptions(command)
    .option('--unsafe', 'waive the data rules, for a capability that is not in use yet; needs --because')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string, setting: ModeSetting, options: DecisionOptions & { unsafe?: true }) => {
      if (options.unsafe) requireReason(command, options.because, '--unsafe')
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const answer = await client.setRoute({
        ...fields,
        ...setting,
        endpoint,
        unsafe: options.unsafe === true,
      })
      if (options.json) return writeJson(terminal, answer)
      const verb = answer.changed ? 'is now' : 'was already'
      writeLine(terminal, `${endpoint} ${verb} ${showMode(setting)} (version ${answer.version}).`)
      if (!answer.changed && options.because !== undefined)
        writeLine(terminal, 'Nothing was decided, so the reason was not written down.')
      if (answer.warning !== undefined)
        writeLine(terminal, paint(terminal, 'yellow', `Careful: ${answer.warning}`))
    })
}
