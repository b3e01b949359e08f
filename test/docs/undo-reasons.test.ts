import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mendOfUndo, sayFailedStep, UNDO_REASONS, UndoError } from '../../strangler/guide/undo-reasons.ts'

const root = join(import.meta.dirname, '../..')
const TABLE = '## When it is undone\n'

/** What the first column of the table says, row by row. */
async function readRows(): Promise<string[]> {
  const page = await readFile(join(root, 'docs/operations/cut-over.md'), 'utf8')
  const [, section = ''] = page.split(TABLE)
  const [table = ''] = section.split('\n## ')
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ')[0] ?? '')
}

test.each(Object.entries(UNDO_REASONS))(
  'the page about cut-overs has a row for `%s`',
  async (_id, { says }) => {
    const rows = await readRows()
    expect(
      rows.filter((row) => row.includes(says)),
      says,
    ).not.toEqual([])
  },
)

test('and no row for what no cut-over says', async () => {
  const rows = await readRows()
  const known = Object.values(UNDO_REASONS).map(({ says }) => says)
  expect(rows.length).toBeGreaterThanOrEqual(known.length)
  for (const row of rows)
    expect(
      known.some((says) => row.includes(says)),
      row,
    ).toBe(true)
})

test('nothing that drives a cut-over gives it another reason than these', async () => {
  for (const file of ['rollout/drive-cutover.ts', 'rollout/cut-over.ts', 'guide/cutover.ts']) {
    const source = await readFile(join(root, 'strangler', file), 'utf8')
    // A plain Error would be a sentence that no page has.
    expect(source, file).not.toMatch(/new Error\(|fail\(drive, hold, ['"`]/)
  }
})

test('a reason keeps its mend when a step and details stand around it', () => {
  const said = sayFailedStep('drain', new UndoError('onTheWay', '3 rows are on the way'))
  expect(said).toBe('drain: the last changes did not come in time: 3 rows are on the way')
  expect(mendOfUndo(said)).toBe(UNDO_REASONS.onTheWay.mend)
  const failed = sayFailedStep('close-source', new Error('A table could not be locked'))
  expect(failed).toBe('close-source could not be done: A table could not be locked')
  expect(mendOfUndo(failed)).toBe(UNDO_REASONS.stepFailed.mend)
  expect(mendOfUndo('something else')).toBeUndefined()
})
