import { until } from '../pipeline/open-pair.ts'
import { appliedVersion, arrived, type Schedule, WAIT_MS } from './schedules.ts'
import { codesOf, type Session, type Side } from './side.ts'
import type { Stand } from './stand.ts'

const onMariadb = ({ source }: Stand) => source.dialect === 'mariadb'

/** A child is changed while its parent is being deleted: the kit's trigger has logged it, and the cascade has not come yet. */
export const CHILD_BESIDE_CASCADE: Schedule = {
  name: 'a child changed beside a cascade',
  suits: onMariadb,
  victim: 'slot 10',
  async run(stand) {
    await stand.source.run('UPDATE slot SET shelf_id = 1 WHERE id = 10')
    await stand.source.run("UPDATE slot SET value = 'on its shelf' WHERE id = 10")
    await arrived(stand, 10, 'on its shelf')
    await pauseDelete(stand.source, 1, async () => {
      const writer = await stand.source.connect()
      await writer.run('SET innodb_lock_wait_timeout = 1')
      const wrote = await writer.run("UPDATE slot SET value = 'beside the cascade' WHERE id = 10").then(
        () => true,
        (error: unknown) => {
          if (!codesOf(error).some((code) => ['1205', '1213'].includes(code))) throw error
          return false
        },
      )
      if (wrote) await arrived(stand, 10, 'beside the cascade')
      await writer.end()
    })
  },
}

/**
 * A second parent's DELETE IGNORE logs the child too, and then deletes nothing, because a row that is not synced keeps that parent: it
 * commits an entry of a child that it has not written.
 */
export const REFUSED_DELETE_BESIDE_CASCADE: Schedule = {
  name: 'a delete that is refused beside a cascade',
  suits: onMariadb,
  victim: 'slot 13',
  async run(stand) {
    const { source } = stand
    await source.run(
      'CREATE TABLE hook (id int PRIMARY KEY, shelf_id bigint, FOREIGN KEY (shelf_id) REFERENCES shelf (id))',
    )
    await source.run('INSERT INTO hook VALUES (1, 3)')
    await source.run("UPDATE slot SET shelf_id = 2, other_id = 3, value = 'on two shelves' WHERE id = 13")
    await arrived(stand, 13, 'on two shelves')
    const before = await appliedVersion(stand, 13)
    await pauseDelete(source, 2, async () => {
      const other = await source.connect()
      await other.run('SET innodb_lock_wait_timeout = 1')
      const isLogged = await other.run('DELETE IGNORE FROM shelf WHERE id = 3').then(
        () => true,
        () => false,
      )
      await other.end()
      // Long enough for the entry, if there is one, to be applied.
      if (isLogged) {
        const deadline = Date.now() + 20_000
        await until(async () => Date.now() > deadline || (await appliedVersion(stand, 13)) > before, WAIT_MS)
      }
    })
  },
}

/** Holds the delete of a shelf between the kit's trigger and the cascade while `meanwhile` happens. */
async function pauseDelete(source: Side, shelf: number, meanwhile: () => Promise<void>): Promise<void> {
  const lock = `pause_${shelf}_${new URL(source.url).pathname.slice(1)}`
  const gate = await source.connect()
  const deleter = await source.connect()
  // Made after the kit's, so it runs after it.
  await source.run(
    `CREATE TRIGGER pause_${shelf} BEFORE DELETE ON shelf FOR EACH ROW BEGIN IF OLD.id = ${shelf} THEN SET @p = GET_LOCK('${lock}', 60); END IF; END`,
  )
  await gate.run(`DO GET_LOCK('${lock}', 10)`)
  const deleting = deleter.run('DELETE FROM shelf WHERE id = ?', [shelf])
  await until(() => isPaused(gate), WAIT_MS)
  await meanwhile()
  await gate.run(`DO RELEASE_LOCK('${lock}')`)
  await deleting
  await Promise.all([gate.end(), deleter.end()])
  await source.run(`DROP TRIGGER pause_${shelf}`)
}

async function isPaused(session: Session): Promise<boolean> {
  const rows = await session.run(
    "SELECT 1 AS found FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User lock'",
  )
  return rows.length > 0
}
