import { repair } from '../../../strangler/sync/repair.ts'
import { until } from '../pipeline/open-pair.ts'
import { routesOf } from './end-config.ts'
import { changesOf, inDialect, kitTable, type Session } from './side.ts'
import type { Stand } from './stand.ts'

/** A course of events that is made to happen: with one part of the design missing, a row is lost for certain. */
export interface Schedule {
  readonly name: string
  /** Where it can happen at all. */
  readonly suits: (stand: Stand) => boolean
  readonly run: (stand: Stand) => Promise<void>
  /** The row that a sync without that part gets wrong. */
  readonly victim: string
}

const always = () => true
export const WAIT_MS = 30_000

/** The value of a slot in the target. */
export async function valueThere({ target }: Stand, id: number): Promise<string | null | undefined> {
  return (await target.run('SELECT value FROM slot WHERE id = ?', [id]))[0]?.['value']
}

export async function arrived(stand: Stand, id: number, value: string): Promise<void> {
  await until(async () => (await valueThere(stand, id)) === value, WAIT_MS)
}

/** Committed entries of a slot in the log. */
async function entriesOf({ source }: Stand, id: number): Promise<number> {
  const key = inDialect(source.dialect, { postgres: 'key', mariadb: '`key`' })
  const [row] = await source.run(
    `SELECT count(*) AS n FROM ${changesOf(source)} WHERE tbl = 'slot' AND ${key} = ?`,
    [`["${id}"]`],
  )
  return Number(row?.['n'])
}

export const acknowledged = (stand: Stand, id: number) =>
  until(async () => (await entriesOf(stand, id)) === 0, WAIT_MS)
const write = (session: Session, id: number, value: string) =>
  session.run('UPDATE slot SET value = ? WHERE id = ?', [value, id])

/** What took its version first commits last, when everything after it has been sent. */
export const LATE_COMMIT: Schedule = {
  name: 'late commit',
  suits: always,
  victim: 'slot 1',
  async run(stand) {
    const [early, late] = [await stand.source.connect(), await stand.source.connect()]
    await late.run('BEGIN')
    await write(late, 1, 'took its number early')
    await write(early, 2, 'overtook it')
    await arrived(stand, 2, 'overtook it')
    await acknowledged(stand, 2)
    await late.run('COMMIT')
    await Promise.all([early.end(), late.end()])
  },
}

/** Two sessions that have each taken a block of numbers: the one with the lower block writes a row after the other. */
export const TWO_BLOCKS: Schedule = {
  name: 'two sessions with a block of numbers each',
  suits: always,
  victim: 'slot 3',
  async run(stand) {
    const [low, high] = [await stand.source.connect(), await stand.source.connect()]
    await write(low, 4, 'takes the lower block')
    await write(high, 5, 'takes the higher block')
    await write(high, 3, 'by the higher block')
    await arrived(stand, 3, 'by the higher block')
    await acknowledged(stand, 3)
    await write(low, 3, 'by the lower block, and last')
    await Promise.all([low.end(), high.end()])
  },
}

/** A row is repaired while a transaction has written it and not yet committed. */
export const REPAIR_BESIDE_A_WRITE: Schedule = {
  name: 'repair beside an open write',
  suits: always,
  victim: 'slot 6',
  async run(stand) {
    await until(
      async () => (await entriesOf(stand, 6)) === 0 && (await valueThere(stand, 6)) === 'first',
      WAIT_MS,
    )
    const application = await stand.source.connect()
    await application.run('BEGIN')
    await write(application, 6, 'written while it was repaired')
    await repairSlot(stand)
    await application.run('COMMIT')
    await application.end()
  },
}

async function repairSlot(stand: Stand): Promise<void> {
  const found = [{ table: 'slot', key: '["6"]' }]
  if (stand.options.twin !== 'repair without the lock') {
    const { source, target } = stand.roles()
    const routes = routesOf(stand.shapes())
    await repair({ capability: 'shop', epoch: 1, source, target, routes }, found)
    return
  }
  // Asks for the row to be sent again by an entry made up beside its lock, and the applier has it before the lock is gone.
  const sql = inDialect(stand.source.dialect, {
    postgres: `INSERT INTO strangler.change_log (version, tbl, key, op, at)
      VALUES ((pg_current_wal_insert_lsn() - '0/0')::bigint, 'slot', '["6"]', 'U', clock_timestamp())`,
    mariadb: `INSERT INTO strangler_change_log (tbl, \`key\`, op) VALUES ('slot', '["6"]', 'U')`,
  })
  const before = await appliedVersion(stand, 6)
  await stand.source.run(sql)
  await until(async () => (await appliedVersion(stand, 6)) > before, WAIT_MS)
}

export async function appliedVersion({ target }: Stand, id: number): Promise<bigint> {
  const key = inDialect(target.dialect, { postgres: 'key', mariadb: '`key`' })
  const [row] = await target.run(
    `SELECT version FROM ${kitTable(target.dialect, 'applied')} WHERE tbl = 'slot' AND ${key} = ?`,
    [`["${id}"]`],
  )
  return BigInt(row?.['version'] ?? -1)
}

/** A message is doubled, and its copy arrives when the row is gone and nobody waits for it any more. */
export const OLD_COPY: Schedule = {
  name: 'an old copy of a message',
  suits: ({ options }) => options.queue === undefined || options.queue.kind === 'hub',
  victim: 'slot 7',
  async run(stand) {
    let copied = false
    stand.hub.watch(({ chunk, entries }) => {
      const isIt = entries?.some(({ table, key, row }) => table === 'slot' && key === '["7"]' && row !== null)
      // The first one is kept; it is sent again, and that one arrives.
      if (copied || chunk !== undefined || isIt !== true) return 'pass'
      copied = true
      return 'hold'
    })
    await stand.source.run("UPDATE slot SET value = 'sent twice' WHERE id = 7")
    await arrived(stand, 7, 'sent twice')
    await stand.source.run('DELETE FROM slot WHERE id = 7')
    await until(async () => (await valueThere(stand, 7)) === undefined, WAIT_MS)
    await acknowledged(stand, 7)
    stand.hub.watch(undefined)
    // What was sent again because it was late is behind us, too: a second delete after the copies would hide them.
    await stand.source.run("UPDATE slot SET value = 'before the copies' WHERE id = 8")
    await arrived(stand, 8, 'before the copies')
    stand.hub.release(2)
    // Behind them in the same queue: when it has arrived, they have.
    await stand.source.run("UPDATE slot SET value = 'after the copies' WHERE id = 8")
    await arrived(stand, 8, 'after the copies')
  },
}

/** Two transactions that hold one key at once: the one with the lower version commits last. */
export const TWO_HOLD_A_KEY: Schedule = {
  name: 'two transactions with one key',
  suits: ({ source }) => source.dialect === 'postgres',
  victim: 'slot 11',
  async run(stand) {
    const [one, other] = [await stand.source.connect(), await stand.source.connect()]
    await other.run('BEGIN')
    // Under an ordinary key this is refused, as the row is there.
    const inserted = await other.run("INSERT INTO slot (id, value) VALUES (11, 'the second')").then(
      () => true,
      () => false,
    )
    await one.run('DELETE FROM slot WHERE id = 11')
    await until(async () => (await valueThere(stand, 11)) === undefined, WAIT_MS)
    await acknowledged(stand, 11)
    await other.run(inserted ? 'COMMIT' : 'ROLLBACK')
    await Promise.all([one.end(), other.end()])
  },
}
