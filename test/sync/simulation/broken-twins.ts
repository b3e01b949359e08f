import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import type { Dialect } from '../../../strangler/sync/dialect.ts'
import { VERSION } from '../../../strangler/sync/dialects/postgres/capture.ts'
import { kitTable } from './side.ts'

/** A sync in which one decision of the design is left out. Each end runs in its own process and finds its twin by name. */
interface Twin {
  /** The dialect by which the source is captured and read. */
  readonly source?: (dialect: Dialect) => Dialect
  readonly sourceDatabase?: (database: SyncDatabase) => SyncDatabase
  readonly target?: (dialect: Dialect) => Dialect
}

export type TwinName =
  | 'cursor relay'
  | 'sequence with a cache'
  | 'repair without the lock'
  | 'apply without versions'
  | 'apply without tombstones'
  | 'ownership as a row'
  | 'parent trigger without the lock'
  | 'version without the epoch'
  | 'deferrable key'

/** The usual outbox: what lies behind the highest number that was ever read is not looked at again. */
function followCursor(database: SyncDatabase): SyncDatabase {
  const reads = new WeakMap<object, string>()
  const cursors = new Map<string, bigint>()
  return {
    ...database,
    dialect: {
      ...database.dialect,
      readPending(columns, limit) {
        const statement = database.dialect.readPending(columns, limit)
        reads.set(statement, columns.table.name)
        return statement
      },
    },
    async query(statement) {
      const rows = await database.query(statement)
      const table = reads.get(statement)
      if (table === undefined) return rows
      const cursor = cursors.get(table) ?? 0n
      const versions = rows.map((row) => BigInt(row['version']!))
      cursors.set(table, [cursor, ...versions].toSorted((one, other) => (one < other ? -1 : 1)).at(-1)!)
      return rows.filter((_row, position) => versions[position]! > cursor)
    },
  }
}

/** Whatever comes last stays: nothing is remembered, neither of a row that is there nor of one that is gone. */
function claimAll(dialect: Dialect): Dialect {
  const claim = (tables: string[], keys: string[]) =>
    dialect.name === 'postgres'
      ? { sql: 'SELECT tbl, key FROM unnest($1::text[], $2::text[]) AS i(tbl, key)', params: [tables, keys] }
      : {
          sql: `SELECT tbl, \`key\` FROM JSON_TABLE(?, '$[*]' COLUMNS (tbl TEXT PATH '$[0]', \`key\` TEXT PATH '$[1]')) e`,
          params: [JSON.stringify(tables.map((table, position) => [table, keys[position]]))],
        }
  return {
    ...dialect,
    claim: (entries) => [
      claim(
        entries.map(({ table }) => table),
        entries.map(({ key }) => key),
      ),
    ],
  }
}

/** Of the rows that are there the versions are compared as ever; of a row that is gone nothing is remembered. */
function forgetDeleted(dialect: Dialect): Dialect {
  const forget = { sql: `DELETE FROM ${kitTable(dialect.name, 'applied')} WHERE deleted`, params: [] }
  return { ...dialect, claim: (entries, epoch) => [forget, ...dialect.claim(entries, epoch)] }
}

/** Versions from a sequence of which every session takes 32 at a time. */
function numberFromCache(dialect: Dialect): Dialect {
  return {
    ...dialect,
    captureUp(tables, ancestors) {
      const [schema = '', ...rest] = dialect.captureUp(tables, ancestors)
      const sequence = 'CREATE SEQUENCE IF NOT EXISTS strangler.version CACHE 32'
      return [schema, sequence, ...rest.map((sql) => sql.replaceAll(VERSION, `nextval('strangler.version')`))]
    },
  }
}

/** Children are read, and logged, without being locked. */
function leaveChildrenOpen(dialect: Dialect): Dialect {
  return {
    ...dialect,
    captureUp: (tables, ancestors) =>
      dialect.captureUp(tables, ancestors).map((sql) => sql.replaceAll('LOCK IN SHARE MODE', '')),
  }
}

/** Versions are compared as if there had only ever been one epoch. */
function forgetEpoch(dialect: Dialect): Dialect {
  return { ...dialect, claim: (entries) => dialect.claim(entries, 1) }
}

/** The schedules do the rest of those that are empty here. */
export const TWINS: Readonly<Record<TwinName, Twin>> = {
  'cursor relay': { sourceDatabase: followCursor },
  'sequence with a cache': { source: numberFromCache },
  'repair without the lock': {},
  'apply without versions': { target: claimAll },
  'apply without tombstones': { target: forgetDeleted },
  'ownership as a row': {},
  'parent trigger without the lock': { source: leaveChildrenOpen },
  'version without the epoch': { target: forgetEpoch },
  'deferrable key': {},
}
