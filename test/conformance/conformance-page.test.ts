import { describe, expect, test } from 'vitest'
import { describeDifferences, mergeOutcomes, type ObservedCheck, type Outcomes } from './report/outcomes.ts'
import { readOutcomes, readPage } from './report/outcomes-file.ts'
import { findUndeclared } from './report/undeclared.ts'
import { writePage } from './report/write-page.ts'
import { ROWS } from './rows.ts'

const pass = (row: string, check: string): ObservedCheck => ({
  row,
  subject: 'undici',
  outcome: { check, outcome: 'pass' },
})
const fail = (row: string, check: string): ObservedCheck => ({
  row,
  subject: 'undici',
  outcome: { check, outcome: 'fail' },
})
const NOTHING: Outcomes = { nginxVersion: '1.0', rows: {} }

describe('the page of conformance', () => {
  test('is what the committed outcomes say', async () => {
    expect(await readPage()).toBe(writePage(await readOutcomes()))
  })

  test('has an outcome of every row for both engines', async () => {
    const { rows } = await readOutcomes()
    for (const { number } of ROWS) {
      expect(rows[number]?.undici, `row ${number}`).not.toHaveLength(0)
      expect(rows[number]?.['http-proxy-middleware'], `row ${number}`).not.toHaveLength(0)
    }
  })

  test('claims no failure of an engine in a row that it must pass', async () => {
    const { rows } = await readOutcomes()
    for (const { number, required } of ROWS) {
      for (const subject of required) {
        expect(rows[number]?.[subject]?.filter(({ outcome }) => outcome === 'fail')).toEqual([])
      }
    }
  })
})

describe('merging outcomes', () => {
  test('a run replaces the outcomes of the rows that it did', () => {
    const known = mergeOutcomes(NOTHING, [pass('1', 'old'), pass('2', 'kept')])
    const { rows } = mergeOutcomes(known, [fail('1', 'new')])
    expect(rows['1']?.undici).toEqual([{ check: 'new', outcome: 'fail' }])
    expect(rows['2']?.undici).toEqual([{ check: 'kept', outcome: 'pass' }])
  })

  test('a row of which a filter left out a check keeps its outcomes', () => {
    const known = mergeOutcomes(NOTHING, [pass('1', 'a'), pass('1', 'b')])
    expect(mergeOutcomes(known, [fail('1', 'a'), { ...pass('1', 'b'), outcome: undefined }])).toEqual(known)
  })

  test('a check that turns out otherwise, is new or is gone is a difference', () => {
    const known = mergeOutcomes(NOTHING, [pass('1', 'same'), pass('1', 'turns'), pass('1', 'gone')])
    const shown = mergeOutcomes(known, [pass('1', 'same'), fail('1', 'turns'), pass('1', 'new')])
    const found = describeDifferences(known, shown).map(({ check, was, is }) => [check, was, is])
    expect(found).toEqual([
      ['turns', 'pass', 'fail'],
      ['gone', 'pass', 'absent'],
      ['new', 'absent', 'pass'],
    ])
    expect(describeDifferences(known, known)).toEqual([])
  })

  test('one failed check puts a cross into the table', () => {
    const cell = (outcomes: Outcomes) => /^\| 2 \|.*$/m.exec(writePage(outcomes))?.[0]
    expect(cell(mergeOutcomes(NOTHING, [pass('2', 'a'), pass('2', 'b')]))).toContain('| ✓ |')
    expect(cell(mergeOutcomes(NOTHING, [pass('2', 'a'), fail('2', 'b')]))).toContain('| ✗ |')
  })
})

describe('before anything has run', () => {
  const known = mergeOutcomes(NOTHING, [pass('1', 'kept'), fail('1', 'known to fail'), pass('2', 'gone')])
  const found = (...names: string[]) =>
    findUndeclared(known, names).map(({ row, subject, check, was, is }) => [row, subject, check, was, is])
  const declared = ['row 1 · undici > kept', 'row 1 · undici > known to fail', 'row 2 · undici > gone']

  test('a page that has what the tests declare is said nothing of', () => {
    expect(found(...declared, 'row 1 · nothing-twin is caught: kept', 'another test > of anything')).toEqual(
      [],
    )
  })

  test('a new check, a new row and a check that is gone are told', () => {
    expect(found(...declared.slice(0, 2), 'row 1 · undici > a > b', 'row 3 · undici > new')).toEqual([
      ['1', 'undici', 'a > b', 'absent', 'pass'],
      ['2', 'undici', 'gone', 'pass', 'absent'],
      ['3', 'undici', 'new', 'absent', 'pass'],
    ])
  })

  test('a subject that this machine does not have is left alone', () => {
    expect(found()).toEqual([])
  })
})
