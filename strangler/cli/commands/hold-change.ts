import type { Command } from 'commander'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const CHANGES = {
  fence: {
    description: 'from now on an expired hold answers 503 instead of writing to the old owner',
    done: 'are fenced',
  },
  release: { description: 'end a hold: the waiting writes go on by the present table', done: 'go on' },
  abort: { description: 'end a hold as if it had not been: nothing was moved', done: 'go on as before' },
} as const

/** `hold fence`, `hold release` and `hold abort`: one command each, of one shape. */
export function addHoldChange(parent: Command, terminal: Terminal, change: keyof typeof CHANGES): void {
  const { description, done } = CHANGES[change]
  const command = parent.command(change).description(description).argument('<capability>')
  addDecisionOptions(command)
    .addHelpText('after', `\nExamples:\n  strangler hold ${change} inventory`)
    .action(async (capability: string, options: DecisionOptions) => {
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const answer = await client.changeHold(change, { ...fields, capability })
      if (options.json) writeJson(terminal, answer)
      else writeLine(terminal, `Writes of ${capability} ${done} (version ${answer.version}).`)
    })
}
