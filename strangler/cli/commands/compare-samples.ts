import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseWhole } from '../parse-mode.ts'
import { parseWhere } from '../parse-where.ts'
import { printTable } from '../print-table.ts'
import { showTime } from '../show-event.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler compare samples
  strangler compare samples inventory --limit 5
  strangler compare samples "GET /api/inventory/:sku" --json`

export function addCompareSamples(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('samples')
    .description('exchanges that differed: of each place the first and the latest few')
    .argument('[name]', 'a capability, or an endpoint in quotes; all by default')
  addQuestionOptions(command)
    .option('--limit <n>', 'how many', parseWhole, 20)
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: QuestionOptions & { limit: number }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareSamples({ ...parseWhere(name), limit: options.limit })
      if (options.json) return writeJson(terminal, answer)
      if (answer.samples.length === 0) return writeLine(terminal, 'No exchange that differed is kept.')
      printTable(terminal, answer.samples, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AT', value: ({ at }) => showTime(at) },
        { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: true },
        { title: 'ANSWERED', value: ({ primary }) => primary },
        {
          title: 'DIFFERENCES',
          value: ({ differences }) => differences.map(({ kind, path }) => `${kind} ${path}`).join(', '),
          mayShrink: true,
        },
      ])
    })
}
