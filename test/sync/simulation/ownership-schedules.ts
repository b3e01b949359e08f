import { backUp, restore } from './backup.ts'
import { acknowledged, arrived, type Schedule } from './schedules.ts'
import { codesOf, type Session } from './side.ts'
import type { Stand } from './stand.ts'

/** The target comes back from a backup that is older than what it had acknowledged. */
export const RESTORED_TARGET: Schedule = {
  name: 'a target restored from an older backup',
  suits: () => true,
  victim: 'slot 12',
  async run(stand) {
    const { source, target } = stand
    await source.run("UPDATE slot SET value = 'before the backup' WHERE id = 12")
    await arrived(stand, 12, 'before the backup')
    await stand.kill('target')
    await backUp(target)
    await stand.start('target')
    await source.run("UPDATE slot SET value = 'after the backup' WHERE id = 12")
    await arrived(stand, 12, 'after the backup')
    await acknowledged(stand, 12)
    await Promise.all([stand.kill('target'), stand.kill('source')])
    await restore(target)
    stand.raiseEpoch()
    await Promise.all([stand.start('source'), stand.start('target')])
  },
}

/** A transaction that began before the owner changed writes after it. The last of all: the sync ends with it. */
export const WRITE_AFTER_THE_FENCE: Schedule = {
  name: 'a write after the fence by an older transaction',
  suits: () => true,
  victim: 'slot 9',
  async run(stand) {
    const { source } = stand
    await source.run('CREATE TABLE ownership (owner varchar(20))')
    await source.run("INSERT INTO ownership VALUES ('monolith')")
    const late = await source.connect()
    for (const sql of BEGIN_SNAPSHOT[source.dialect]) await late.run(sql)
    await late.run('SELECT owner FROM ownership')
    await source.run("UPDATE ownership SET owner = 'service'")
    if (!isRow(stand)) await guardByTrigger(stand)
    // Either fence keeps out whoever comes after it.
    const newcomer = await source.connect()
    if (await writeAsOwner(stand, newcomer, 'too late')) throw new Error('The fence is open.')
    await newcomer.end()
    if ((await stand.settle(SETTLE_MS)) === undefined)
      throw new Error(`The log does not become empty: ${await stand.describe()}`)
    // Fenced, the log empty, nothing refused, the backfill done: ownership moves, and nobody carries changes this way any more.
    await stand.kill('source')
    const wrote = await writeAsOwner(stand, late, 'by a transaction from before')
    await late.run(wrote ? 'COMMIT' : 'ROLLBACK')
    await late.end()
  },
}

const SETTLE_MS = 60_000

const BEGIN_SNAPSHOT = {
  postgres: ['BEGIN ISOLATION LEVEL REPEATABLE READ'],
  mariadb: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION WITH CONSISTENT SNAPSHOT'],
} as const

const isRow = ({ options }: Stand) => options.twin === 'ownership as a row'

/** In the twin the row is all that an application has, and it asks it in its own transaction. Gives whether the write was made. */
async function writeAsOwner(stand: Stand, session: Session, value: string): Promise<boolean> {
  const [row] = await session.run('SELECT owner FROM ownership')
  if (isRow(stand) && row?.['owner'] !== 'monolith') return false
  try {
    await session.run('UPDATE slot SET value = ? WHERE id = 9', [value])
    return true
  } catch (error) {
    if (codesOf(error).includes('45000')) return false
    throw error
  }
}

async function guardByTrigger(stand: Stand): Promise<void> {
  const { source } = stand.roles()
  const slot = stand.shapes().monolith.find(({ name }) => name === 'slot')!
  for (const sql of source.dialect.guard(slot, 'reject')) await source.query({ sql, params: [] })
}
