import type { Command } from 'commander'
import {
  addDecisionOptions,
  type DecisionOptions,
  decisionFields,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler proxy evict proxy-1f2e3d4c5b6a --because "the machine is gone"

A proxy that was evicted and still runs serves no capability with data until it has reached the control database.`

export function addProxyEvict(parent: Command, terminal: Terminal): void {
  const command: Command = parent
    .command('evict')
    .description('take away the registration of a proxy that will not come back')
    .argument('<id>', 'as `strangler proxy list` shows it')
  addDecisionOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, options: DecisionOptions) => {
      const because = requireReason(command, options.because, 'an eviction')
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const answer = await client.evictProxy({ ...fields, id, because })
      if (options.json) writeJson(terminal, answer)
      else writeLine(terminal, `${id} is evicted (version ${answer.version}).`)
    })
}
