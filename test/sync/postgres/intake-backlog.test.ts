import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { type CapturedStock, captureStock } from './captured-stock.ts'
import type { Session, Stand } from './stand.ts'

const { intake } = postgresDialect
let own: CapturedStock
let stand: Stand
let app: Session
let kit: Session

beforeAll(async () => {
  own = await captureStock('backlog', 'CREATE TABLE stock (id int PRIMARY KEY, n int)')
  ;({ stand, app, kit } = own)
})
beforeEach(async () => {
  await app.query('DELETE FROM stock')
  await own.forget()
})
afterAll(() => own?.close())

const pagesOf = async (statement: Statement) => {
  await kit.query('BEGIN')
  const plan = await kit.run({
    sql: `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) ${statement.sql}`,
    params: statement.params,
  })
  await kit.query('ROLLBACK')
  const lines = plan.map((row) => String(row['QUERY PLAN']))
  const at = lines.findIndex((line) => /(Tid Range|Seq) Scan on change_intake/.test(line))
  const buffers = lines.slice(at).find((line) => line.includes('Buffers:')) ?? ''
  return [...buffers.matchAll(/(?:hit|read)=(\d+)/g)].reduce((sum, [, pages]) => sum + Number(pages), 0)
}

test('a move begins where the one before it ended, and does not pass all that is dead', async () => {
  // An older transaction keeps the server from taking the dead ones away, as a long report or a dump does.
  const report = await stand.open()
  await report.runAll(['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT FROM stock'])
  await app.query('INSERT INTO stock SELECT n, n FROM generate_series(1, 20000) n')
  let block = 0
  for (let moves = 0; moves < 7; moves += 1) {
    const [row] = await kit.run(intake.move(block, 2_500))
    expect(row?.['moved']).toBe('2500')
    block = Number(row?.['block'])
  }
  expect(await pagesOf(intake.move(block, 2_500))).toBeLessThan(60)
  expect(await pagesOf(intake.move(0, 2_500))).toBeGreaterThan(200)
  // Nor does one look through more than it is to, however many dead ones there are; without that bound it did.
  const [row] = await kit.run(intake.move(0, 2_500, 50))
  expect(row).toMatchObject({ moved: '0', block: null })
  expect(Number(row?.['ends'])).toBeGreaterThan(200)
  expect(await pagesOf(intake.move(0, 2_500, 50))).toBeLessThan(60)
  await report.end()
})

test('cleaning lets new entries stand where the moved ones have been', async () => {
  const sizes: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await app.query('INSERT INTO stock SELECT n, n FROM generate_series(1, 4000) n')
    await app.query('DELETE FROM stock')
    await kit.run(intake.move(0, 100_000))
    await kit.run(intake.clean)
    const [row] = await kit.query(`SELECT pg_relation_size('strangler.change_intake')::text AS bytes`)
    sizes.push(Number(row?.['bytes']))
  }
  expect(sizes.at(-1)).toBeLessThan(sizes[0]! * 1.5)
})
