/** The commands of one block of a page, and what the page shows of their output; undefined where it shows none. */
export interface PageStep {
  readonly commands: readonly string[]
  readonly shown: string | undefined
  /** Where in the page the output stands. */
  readonly at: { readonly from: number; readonly to: number } | undefined
}

const BLOCK = /```sh\n([\s\S]*?)```\n(?:\n```\n([\s\S]*?)```\n)?/g

/** Every `sh` block of a page in order, with the plain block that may follow it. */
export function readSteps(page: string): PageStep[] {
  return [...page.matchAll(BLOCK)].map((match) => {
    const [whole, commands = '', shown] = match
    const to = match.index + whole.length - '```\n'.length
    return {
      commands: commands
        .replaceAll('\\\n', ' ')
        .split('\n')
        .filter((line) => line.trim() !== ''),
      shown,
      at: shown === undefined ? undefined : { from: to - shown.length, to },
    }
  })
}

/** What readers are told of the hold of a cut-over, and a machine with a processor to spare keeps. */
const LONGEST_HOLD_MS = 1_000

/** The first hold that a page shows and that is longer than the guide says, with what to do about it; undefined where there is none. */
export function findLongHold(page: string): string | undefined {
  const shown = [...page.matchAll(/held for (?:about )?([\d,]+) ms/g)]
  const long = shown.find(([, ms = '']) => Number(ms.replaceAll(',', '')) > LONGEST_HOLD_MS)
  return long === undefined
    ? undefined
    : `it would show a hold that is longer than ${LONGEST_HOLD_MS} ms ("${long[0]}"). Such a page is a busy machine's, and was not written: renew it when nothing else runs.`
}

/** A command line as a shell would take it apart; these have double quotes only. */
export function toArguments(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

/** What stays the same from run to run: numbers, times, durations, ids and addresses are masked, and the widths that follow from them. */
export function maskOutput(text: string): string[] {
  return (
    text
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, '<time>')
      .replaceAll(/\b[0-9a-f]{8,}\b/g, '<id>')
      .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
      .replaceAll(/\d[\d,.]*\d|\d/g, '<n>')
      .replaceAll(/<n> (ms|s|min|h|days)\b/g, '<duration>')
      // One is one: `seen 1 time`, `seen 3 times`.
      .replaceAll(/<n> ([a-z]+?)s?\b/g, '<n> $1')
      // How many comparisons gave way is the machine's business, too.
      .replaceAll(/ <n> more exchanges? gave way to clients, drawn by lot\./g, '')
      .split('\n')
      .map((line) =>
        line
          .trimEnd()
          .replaceAll(/ {2,}/g, '  ')
          .replaceAll(/─+|-{3,}/g, '-'),
      )
      // As is how often a hold had to be tried.
      .filter((line) => line !== '' && !/^Before that .* undone and tried again/.test(line))
  )
}

/** Where an output first is otherwise than a page shows it; undefined where it has that shape. A line `…` stands for any number of lines. */
export function findDifference(shown: string, found: string): string | undefined {
  const [wanted, lines] = [maskOutput(shown), maskOutput(found)]
  let at = 0
  let isOpen = false
  for (const line of wanted) {
    if (line.trim() === '…') {
      isOpen = true
      continue
    }
    const next = isOpen ? lines.indexOf(line, at) : at
    if (next < 0 || lines[next] !== line)
      return `the page has "${line}", and here is "${lines[at] ?? 'nothing'}"`
    at = next + 1
    isOpen = false
  }
  return isOpen || at === lines.length ? undefined : `the page ends, and here is "${lines[at]}"`
}
