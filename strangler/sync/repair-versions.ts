import type { ChangeEntry, DialectName } from '../core/sync-words.ts'
import { at, keyColumn, kitTable } from './bookkeeping.ts'
import type { RunStatement, Statement } from './dialect.ts'
import { floorOf } from './verify-rows.ts'

/** What the target stands at, and goes on standing at until the transaction ends. */
export interface LockedVersions {
  /** The last TRUNCATE of the table. */
  readonly floor: string
  /** `<epoch>:<version>` by key. */
  readonly versions: ReadonlyMap<string, string>
}

/**
 * Locks what the target remembers of some rows, so that nobody applies a change to them meanwhile. What it has no memory of gets a line
 * that says so, since there is nothing else to lock. The floor comes first, as it does for a TRUNCATE.
 */
export async function lockApplied(
  run: RunStatement,
  dialect: DialectName,
  { table, keys, unknown }: { table: string; keys: readonly string[]; unknown: readonly string[] },
): Promise<LockedVersions> {
  const [floors, applied, key] = [
    kitTable(dialect, 'floor'),
    kitTable(dialect, 'applied'),
    keyColumn(dialect),
  ]
  const [insert, unlessThere] =
    dialect === 'postgres' ? ['INSERT', 'ON CONFLICT DO NOTHING'] : ['INSERT IGNORE', '']
  await run({
    sql: `${insert} INTO ${floors} (tbl, epoch, version) VALUES (${at(dialect, 1)}, 0, -1) ${unlessThere}`,
    params: [table],
  })
  const share = dialect === 'postgres' ? 'FOR SHARE' : 'LOCK IN SHARE MODE'
  const [floor] = await run({
    sql: `SELECT epoch, version FROM ${floors} WHERE tbl = ${at(dialect, 1)} ${share}`,
    params: [table],
  })
  if (unknown.length > 0) {
    const lines = unknown.map(
      (_, index) => `(${at(dialect, 2 * index + 1)}, ${at(dialect, 2 * index + 2)}, 0, 0, false)`,
    )
    await run({
      sql: `${insert} INTO ${applied} (tbl, ${key}, epoch, version, deleted) VALUES ${lines.join(', ')} ${unlessThere}`,
      params: unknown.flatMap((name) => [table, name]),
    })
  }
  const among = keys.map((_, index) => at(dialect, index + 2)).join(', ')
  const rows = await run({
    sql: `SELECT ${key} AS ${key}, epoch, version FROM ${applied} WHERE tbl = ${at(dialect, 1)} AND ${key} IN (${among}) ORDER BY ${key} FOR UPDATE`,
    params: [table, ...keys],
  })
  const versions = new Map(rows.map((row) => [row['key'] ?? '', `${row['epoch']}:${row['version']}`]))
  return { floor: floorOf(floor), versions }
}

/** Writes what rows stand at once they are repaired, and gives `tbl, key` of them, in the way of a claim. */
export function writeApplied(
  dialect: DialectName,
  entries: readonly ChangeEntry[],
  versions: ReadonlyMap<string, string>,
): Statement[] {
  const [applied, key] = [kitTable(dialect, 'applied'), keyColumn(dialect)]
  const width = 5
  const lines = entries.map((_, index) => {
    const marks = Array.from({ length: width }, (_mark, column) => at(dialect, index * width + column + 1))
    return `(${marks.join(', ')})`
  })
  const names = ['epoch', 'version', 'deleted']
  const conflict =
    dialect === 'postgres'
      ? `ON CONFLICT (tbl, key) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`
      : `ON DUPLICATE KEY UPDATE ${names.map((name) => `${name} = VALUES(${name})`).join(', ')}`
  const [table = ''] = entries.map((entry) => entry.table)
  const among = entries.map((_, index) => at(dialect, index + 2)).join(', ')
  return [
    {
      sql: `INSERT INTO ${applied} (tbl, ${key}, epoch, version, deleted) VALUES ${lines.join(', ')} ${conflict}`,
      params: entries.flatMap((entry) => {
        const [epoch = '0', version = '0'] = (versions.get(entry.key) ?? '0:0').split(':')
        return [entry.table, entry.key, epoch, version, entry.row === null ? '1' : '0']
      }),
    },
    {
      sql: `SELECT tbl, ${key} FROM ${applied} WHERE tbl = ${at(dialect, 1)} AND ${key} IN (${among})`,
      params: [table, ...entries.map((entry) => entry.key)],
    },
  ]
}

/** The later of what the target stands at and what the source's row is: the row is at least of both. */
export function laterVersion(seen: string, epoch: number, pending: string): string {
  const [seenEpoch = '0', seenVersion = '0'] = seen.split(':')
  const isLater =
    Number(seenEpoch) === epoch ? BigInt(pending) > BigInt(seenVersion) : epoch > Number(seenEpoch)
  return pending !== '0' && isLater ? `${epoch}:${pending}` : seen
}
