import { paint, type Terminal, writeLine } from './terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** May be cut when the terminal is narrow. What a row is known by gives way last, and in its middle: the ends of endpoints differ. */
  readonly mayShrink?: boolean | 'last'
}

const GAP = 2
const NARROWEST = 8

/** A table that fits the terminal: columns that may shrink do, the widest first, then those that may at last. Without a terminal nothing is cut. */
export function printTable<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  const cells = rows.map((row) => columns.map((column) => cleanText(column.value(row))))
  const natural = columns.map((column, index) =>
    Math.max(lengthOf(column.title), ...cells.map((row) => lengthOf(row[index]!))),
  )
  const limit = terminal.stdout.isTTY ? terminal.stdout.columns : Number.POSITIVE_INFINITY
  const easy = columns.map((column) => column.mayShrink === true)
  const all = columns.map((column) => column.mayShrink !== undefined && column.mayShrink !== false)
  const widths = fitWidths(fitWidths(natural, easy, limit), all, limit)
  const toLine = (texts: readonly string[]) =>
    texts
      .map((text, index) => cutText(text, widths[index]!, columns[index]?.mayShrink === 'last'))
      .join(' '.repeat(GAP))
      .trimEnd()
  const head = columns.map((column) => column.title)
  writeLine(terminal, paint(terminal, 'dim', toLine(head)))
  for (const row of cells) writeLine(terminal, toLine(row))
}

function fitWidths(natural: readonly number[], shrinkable: readonly boolean[], limit: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1)
  while (total() > limit) {
    const widest = Math.max(...widths.filter((width, index) => shrinkable[index] && width > NARROWEST))
    if (!Number.isFinite(widest)) break
    widths[widths.findIndex((width, index) => shrinkable[index] && width === widest)]! -= 1
  }
  return widths
}

function cutText(text: string, width: number, inMiddle: boolean): string {
  const characters = [...text]
  if (characters.length <= width) return text + ' '.repeat(width - characters.length)
  const tail = inMiddle ? Math.floor((width - 1) / 2) : 0
  const head = characters.slice(0, width - 1 - tail)
  return [...head, '…', ...characters.slice(characters.length - tail)].join('')
}

function lengthOf(text: string): number {
  return [...text].length
}

/** What others have written must not move the cursor or colour the screen. */
function cleanText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '�')
}
