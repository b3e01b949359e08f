import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printTable } from '../../strangler/cli/print-table.ts'
import { paint, type Terminal } from '../../strangler/cli/terminal.ts'

function createTerminal(columns: number | undefined, env: Record<string, string> = {}) {
  let text = ''
  const stream = {
    columns: columns ?? 0,
    isTTY: columns !== undefined,
    write(chunk: unknown) {
      text += String(chunk)
      return true
    },
  }
  const terminal: Terminal = { stdout: stream, stderr: stream, env }
  return { terminal, lines: () => text.trimEnd().split('\n') }
}

const columns = [
  { title: 'ID', value: ([id]: [string, string, string]) => id },
  { title: 'A LONG TITLE', value: ([, second]: [string, string, string]) => second, mayShrink: true },
  { title: 'TEXT', value: ([, , third]: [string, string, string]) => third, mayShrink: true },
]

describe('a table', () => {
  it('fits the width of the terminal, whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 60 })
    // A row of blanks only is an empty line, which `lines` cannot tell from the end of the output.
    const id = fc.string({ unit: 'grapheme-ascii', maxLength: 9 }).map((text) => `#${text}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(id, word, word)), fc.integer({ min: 30, max: 200 }), (rows, width) => {
        const { terminal, lines } = createTerminal(width, { NO_COLOR: '1' })
        printTable(terminal, rows, columns)
        expect(lines()).toHaveLength(rows.length + 1)
        for (const line of lines()) expect([...line].length).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('cuts what a row is known by last, and in its middle', () => {
    const { terminal, lines } = createTerminal(44)
    const known = [
      { title: 'ENDPOINT', value: ([endpoint]: [string, string]) => endpoint, mayShrink: 'last' as const },
      { title: 'BECAUSE', value: ([, because]: [string, string]) => because, mayShrink: true },
    ]
    const rows: [string, string][] = ['invoices', 'invoices/:number'].map((end) => [
      `GET /customers/:id/accounts/${end}`,
      'a reason that is longer than it',
    ])
    printTable(terminal, rows, known)
    expect(lines().slice(1)).toEqual([
      'GET /customers/:i…ccounts/invoices  a reaso…',
      'GET /customers/:i…invoices/:number  a reaso…',
    ])
  })

  it('is whole where no terminal is', () => {
    const { terminal, lines } = createTerminal(undefined)
    printTable(terminal, [['1', 'x'.repeat(300), 'y'.repeat(300)]], columns)
    expect(lines()[1]).toBe(`1   ${'x'.repeat(300)}  ${'y'.repeat(300)}`)
  })

  it('does not let a text steer the terminal', () => {
    const { terminal, lines } = createTerminal(undefined)
    printTable(terminal, [['1', '\u001b[2J\u202e', 'a\nb']], columns)
    expect(lines()).toHaveLength(2)
    for (const steering of ['\u001b', '\u202e']) expect(lines()[1]).not.toContain(steering)
  })
})

describe('colour', () => {
  it('is for terminals without NO_COLOR', () => {
    expect(paint(createTerminal(80).terminal, 'red', 'x')).toBe('\u001b[31mx\u001b[39m')
    expect(paint(createTerminal(80, { NO_COLOR: '1' }).terminal, 'red', 'x')).toBe('x')
    expect(paint(createTerminal(undefined).terminal, 'red', 'x')).toBe('x')
  })
})
