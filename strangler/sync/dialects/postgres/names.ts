import { hash } from 'node:crypto'
import type { TableShape } from '../../../core/sync-words.ts'

/** Everything of the kit in a synced database stands in this schema, except the triggers. */
export const SCHEMA = 'strangler'

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  // Right under either setting of standard_conforming_strings.
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** `"public"."stock"`: never by the search path, which differs between sessions. */
export function tableName(table: TableShape): string {
  return `${quoteName(table.schema)}.${quoteName(table.name)}`
}

const LONGEST_NAME_BYTES = 63

/** The function that a table's triggers call, e.g. `strangler."capture_public_stock"`. */
export function routineName(purpose: string, table: TableShape): string {
  const name = `${purpose}_${table.schema}_${table.name}`
  const fits = Buffer.byteLength(name) <= LONGEST_NAME_BYTES && !table.schema.includes('_')
  // PostgreSQL would cut the name, and two tables would share one function; so would a.b_c and a_b.c.
  const unique = fits
    ? name
    : `${purpose}_${hash('sha256', `${table.schema}.${table.name}`, 'hex').slice(0, 24)}`
  return `${SCHEMA}.${quoteName(unique)}`
}

/** A body in dollar quotes whose tag does not occur in it. */
export function quoteBody(body: string): string {
  let tag = '$strangler$'
  for (let attempt = 0; body.includes(tag); attempt += 1) tag = `$strangler${attempt}$`
  return `${tag}\n${body}\n${tag}`
}

/**
 * One statement that does all or nothing and gives up after a second of waiting for a lock (55P03): DDL that waits longer queues every
 * other statement on the table behind itself. The caller tries again.
 */
export function atomically(statements: readonly string[]): string {
  const body = ["PERFORM set_config('lock_timeout', '1s', true);", ...statements].join('\n')
  return `DO ${quoteBody(`BEGIN\n${body}\nEND`)}`
}

/**
 * Asks for no right where it is there: CREATE SCHEMA IF NOT EXISTS wants the one to create in the database even then. The kit and a service may make it at once, of
 * whom that statement fails one.
 */
export function schemaUp(): string[] {
  return [
    atomically([
      `IF to_regnamespace('${SCHEMA}') IS NULL THEN
  BEGIN
    CREATE SCHEMA ${SCHEMA};
  EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL;
  END;
END IF;`,
    ]),
  ]
}

/** For PL/pgSQL: creates a trigger that fires whatever session_replication_role says, and touches no lock when it is there. */
export function ensureTrigger(table: TableShape, trigger: string, definition: string): string {
  const name = tableName(table)
  const found = `FROM pg_catalog.pg_trigger WHERE tgrelid = ${quoteText(name)}::pg_catalog.regclass AND tgname = ${quoteText(trigger)}`
  return `IF NOT EXISTS (SELECT ${found}) THEN
  CREATE TRIGGER ${trigger} ${definition};
END IF;
IF EXISTS (SELECT ${found} AND tgenabled <> 'A') THEN
  ALTER TABLE ${name} ENABLE ALWAYS TRIGGER ${trigger};
END IF;`
}

/** For PL/pgSQL: takes away what an earlier version of the kit has made with a WHEN, so that it can be made anew in the same statement. */
export function dropConditional(table: TableShape, trigger: string): string {
  const name = tableName(table)
  return `IF EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = ${quoteText(name)}::pg_catalog.regclass
    AND tgname = ${quoteText(trigger)} AND tgqual IS NOT NULL) THEN
  DROP TRIGGER ${trigger} ON ${name};
END IF;`
}

/** For PL/pgSQL: the table may be gone by now. */
export function dropTriggers(table: TableShape, triggers: readonly string[]): string {
  const name = tableName(table)
  const drops = triggers.map(
    (trigger) => `IF EXISTS (SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = ${quoteText(name)}::pg_catalog.regclass AND tgname = ${quoteText(trigger)}) THEN
    DROP TRIGGER ${trigger} ON ${name};
  END IF;`,
  )
  return `IF pg_catalog.to_regclass(${quoteText(name)}) IS NOT NULL THEN\n  ${drops.join('\n  ')}\nEND IF;`
}
