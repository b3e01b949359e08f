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
    .option('--all', 'those too that show nothing but noise')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: QuestionOptions & { limit: number; all?: true }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareSamples({
        ...parseWhere(name),
        limit: options.limit,
        all: options.all ? 'true' : 'false',
      })
      if (options.json) return writeJson(terminal, answer)
      if (answer.samples.length === 0) {
        writeLine(terminal, 'No exchange that differs beyond noise is kept.')
        return writeLine(terminal, describeNoise(answer.noise))
      }
      printTable(terminal, answer.samples, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AT', value: ({ at }) => showTime(at) },
        { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: 'last' },
        { title: 'WHAT', value: ({ verdict }) => verdict },
        { title: 'ANSWERED', value: ({ primary }) => primary },
        {
          title: 'DIFFERENCES',
          value: ({ differences }) => differences.map(({ kind, path }) => `${kind} ${path}`).join(', '),
          mayShrink: true,
        },
      ])
      writeLine(terminal, describeNoise(answer.noise))
    })
}

function describeNoise(count: number): string {
  if (count === 0) return 'WHAT: by all that is known now; `strangler compare report` has the counts.'
  return `${count} more ${count === 1 ? 'shows' : 'show'} nothing but noise: \`--all\` lists ${count === 1 ? 'it' : 'them'} too.`
}
