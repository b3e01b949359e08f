import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addSyncExplain(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('explain')
    .description('where one row is on its way')
    .argument('<capability>')
    .argument('<table>', 'its name in the monolith')
    .argument('<key...>', 'the values of its key columns')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler sync explain inventory inventory_stock SKU-00001 BER')
    .action(async (capability: string, table: string, parts: string[], options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.explainSync({ capability, table, key: JSON.stringify(parts) })
      if (options.json) writeJson(terminal, answer)
      else writeLine(terminal, answer.verdict)
    })
}
