import type { TableShape } from '../../../core/sync-words.ts'
import { atomically, quoteText, SCHEMA, schemaUp } from './names.ts'

/** What each row and each TRUNCATE of the target stands at, and what could not be applied. */
const TABLES = ['applied', 'floor', 'quarantine'] as const

/** Epoch and incarnation of each capability: a database that was restored shows an older one. */
export const createSyncState = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.sync_state (
  capability text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('source', 'target')),
  epoch integer NOT NULL,
  incarnation text NOT NULL
)`

export const createStrayWrite = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.stray_write (
  tbl text NOT NULL,
  key text NOT NULL,
  op text NOT NULL,
  before json,
  after json,
  at timestamptz NOT NULL,
  session_role text NOT NULL,
  application text NOT NULL
)`

/** In the order in which they are made: where the first is not, none is. */
const CREATE_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${SCHEMA}.applied (
  tbl text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  epoch integer NOT NULL,
  version bigint NOT NULL,
  deleted boolean NOT NULL,
  PRIMARY KEY (tbl, key)
) WITH (fillfactor = 80)`,
  `CREATE TABLE IF NOT EXISTS ${SCHEMA}.floor (
  tbl text COLLATE "C" PRIMARY KEY,
  epoch integer NOT NULL,
  version bigint NOT NULL
)`,
  `CREATE TABLE IF NOT EXISTS ${SCHEMA}.quarantine (
  tbl text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  epoch integer NOT NULL,
  version bigint NOT NULL,
  error text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  next_try_at timestamptz NOT NULL,
  PRIMARY KEY (tbl, key)
)`,
]

export function targetUp(): string[] {
  return [...schemaUp(), ...CREATE_TABLES, createStrayWrite, createSyncState]
}

export function targetDown(tables?: readonly TableShape[]): string[] {
  if (tables === undefined) return [atomically(TABLES.map(dropTable)), dropWhatIsUnused]
  const names = `(${tables.map((table) => quoteText(table.name)).join(', ')})`
  const forgotten = TABLES.map((name) =>
    whenThere(name, tables.length === 0 ? 'NULL;' : `DELETE FROM ${SCHEMA}.${name} WHERE tbl IN ${names};`),
  )
  return [atomically([completeTables, ...forgotten, dropWhenEmpty]), dropWhatIsUnused]
}

function dropTable(name: string): string {
  return `DROP TABLE IF EXISTS ${SCHEMA}.${name};`
}

function whenThere(table: string, action: string): string {
  return `IF to_regclass('${SCHEMA}.${table}') IS NOT NULL THEN ${action} END IF;`
}

/** An installation that was killed may have made the first of them only. */
const completeTables = whenThere('applied', CREATE_TABLES.map((sql) => `${sql};`).join('\n'))

const routineExists = (prefix: string) =>
  `EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = '${SCHEMA}' AND p.proname LIKE '${prefix}\\_%')`

/** Another capability may keep what it applied here. Until it has applied anything, its guards alone tell that it is installed. */
const dropWhenEmpty = whenThere(
  'applied',
  `IF NOT ${routineExists('guard')} AND NOT EXISTS (SELECT FROM ${SCHEMA}.applied) AND NOT EXISTS (SELECT FROM ${SCHEMA}.floor) AND NOT EXISTS (SELECT FROM ${SCHEMA}.quarantine) THEN
  ${TABLES.map(dropTable).join(' ')}
END IF;`,
)

/**
 * The log goes with the last capture function, the stray writes and the kit's own reads with the last guard and the target's tables, the state with both, and the
 * schema when nothing at all stands in it.
 */
export const dropWhatIsUnused: string = atomically([
  `IF NOT ${routineExists('capture')} THEN
  DROP VIEW IF EXISTS ${SCHEMA}.changes;
  ${['change_intake', 'change_log', 'writer'].map(dropTable).join(' ')}
END IF;`,
  `IF to_regclass('${SCHEMA}.applied') IS NULL AND NOT ${routineExists('guard')} THEN ${dropTable('stray_write')} ${dropTable('own_read')} END IF;`,
  `IF to_regclass('${SCHEMA}.applied') IS NULL AND to_regclass('${SCHEMA}.change_log') IS NULL THEN ${dropTable('sync_state')} END IF;`,
  `IF to_regnamespace('${SCHEMA}') IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_namespace'::regclass AND refobjid = to_regnamespace('${SCHEMA}'))
  THEN
    DROP SCHEMA ${SCHEMA};
  END IF;`,
])
