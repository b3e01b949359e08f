import type { Command } from 'commander'
import type { SampleAnswer } from '../../admin/compare-contracts.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printTable } from '../print-table.ts'
import { type PairedLine, pairLines } from '../side-by-side.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

type Sample = SampleAnswer['sample']
export type ShownAnswers = Sample['answers']

const EXAMPLES = `
Examples:
  strangler compare show 3f6c1d2e-7a01-4b7e-9c55-0d9f1b2a8e44
  strangler compare show 3f6c1d2e-7a01-4b7e-9c55-0d9f1b2a8e44 --json`

export function addCompareShow(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('show')
    .description('both answers of one exchange side by side, with what differs marked')
    .argument('<id>', 'as `strangler compare samples` lists it')
  addQuestionOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareSample(id)
      if (options.json) return writeJson(terminal, answer)
      const { sample } = answer
      writeLine(terminal, paint(terminal, 'bold', `${sample.request.method} ${sample.request.target}`))
      writeLine(
        terminal,
        `${sample.at}, answered by the ${sample.primary}, correlation id ${sample.correlationId}`,
      )
      printDifferences(terminal, sample.differences)
      printAnswers(terminal, { ...sample, side: sample.primary })
    })
}

export function printDifferences(terminal: Terminal, differences: Sample['differences']): void {
  writeLine(terminal, '')
  printTable(terminal, differences, [
    { title: 'DIFFERENCE', value: ({ kind, path }) => `${kind} ${path}` },
    { title: 'TIMES', value: ({ count }) => String(count) },
    { title: 'CLIENT GOT', value: ({ primary }) => primary ?? '-', mayShrink: true },
    { title: 'SHADOW', value: ({ shadow }) => shadow ?? '-', mayShrink: true },
  ])
}

const NARROWEST = 30

export interface ShownPair extends Pick<Sample, 'answers' | 'differences'> {
  /** Which has answered the client. */
  readonly side: string
}

export function printAnswers(terminal: Terminal, { answers, differences, side }: ShownPair): void {
  const other = side === 'monolith' ? 'service' : 'monolith'
  const rows = pairAnswers(answers, new Set(differences.map(({ path }) => path)))
  const columns = terminal.stdout.isTTY ? (terminal.stdout.columns ?? 100) : 160
  const width = Math.max(NARROWEST, Math.floor((columns - 5) / 2))
  const cutToWidth = (text: string) => {
    const cut = [...text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '�')]
    return cut.length > width ? `${cut.slice(0, width - 1).join('')}…` : cut.join('').padEnd(width)
  }
  writeLine(terminal, '')
  writeLine(terminal, paint(terminal, 'dim', `  ${cutToWidth(`the ${side} (to the client)`)} | the ${other}`))
  writeLine(terminal, paint(terminal, 'dim', '  ≠ they differ; ‹masked› was taken out before it was kept'))
  for (const { left, right, same } of rows) {
    const line = `${same ? ' ' : '≠'} ${cutToWidth(left)} | ${cutToWidth(right).trimEnd()}`
    writeLine(terminal, same ? line : paint(terminal, 'yellow', line))
  }
}

/** The status, the headers by their names, and the body; of JSON one member a line, so that equal ones pair. */
function pairAnswers({ primary, shadow }: ShownAnswers, differing: ReadonlySet<string>): PairedLine[] {
  const status = { left: `HTTP ${primary.status}`, right: `HTTP ${shadow.status}` }
  const body = pairLines(pretty(primary.body).split('\n'), pretty(shadow.body).split('\n'))
  return [
    { ...status, same: primary.status === shadow.status },
    ...pairHeaders(primary.headers, shadow.headers, differing),
    { left: '', right: '', same: true },
    ...body,
  ]
}

/** Most headers are not compared, such as `date`: of these none is marked. */
function pairHeaders(
  primary: readonly string[],
  shadow: readonly string[],
  differing: ReadonlySet<string>,
): PairedLine[] {
  const [left, right] = [byName(primary), byName(shadow)]
  return [...new Set([...left.keys(), ...right.keys()])].sort().map((name) => ({
    left: left.get(name) ?? '',
    right: right.get(name) ?? '',
    same: ![...differing].some(
      (path) => path === name || path === `header:${name}` || path.startsWith(`header:${name}[`),
    ),
  }))
}

function byName(headers: readonly string[]): Map<string, string> {
  const lines = new Map<string, string>()
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? ''
    const before = lines.get(name)
    lines.set(name, before === undefined ? `${name}: ${headers[at + 1]}` : `${before}, ${headers[at + 1]}`)
  }
  return lines
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2)
  } catch {
    // No JSON, or cut.
    return body
  }
}
