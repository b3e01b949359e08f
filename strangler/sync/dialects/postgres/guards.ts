import type { TableShape } from '../../../core/sync-words.ts'
import type { GuardMode } from '../../dialect.ts'
import {
  atomically,
  dropTriggers,
  ensureTrigger,
  quoteBody,
  quoteText,
  routineName,
  SCHEMA,
  schemaUp,
  tableName,
} from './names.ts'
import { createStrayWrite } from './target-state.ts'
import { keyText } from './values.ts'

export const GUARD_TRIGGERS = {
  reject: ['strangler_guard_reject', 'strangler_guard_reject_truncate'],
  report: ['strangler_guard_report', 'strangler_guard_report_truncate'],
} as const

/** The applier writes on behalf of the owner; a dry run is rolled back. */
const UNLESS_LET_THROUGH = `WHEN (coalesce(current_setting('strangler.apply', true), '') = ''
    AND coalesce(current_setting('strangler.dry_run', true), '') = '')`

/** What the database answers to a rejected write. Its own code, so that nobody takes it for a constraint of the application. */
export const GUARD_SQLSTATE = '45000'

/**
 * A change of triggers waits for the writers of the table, and every later statement sees it, also one of an older REPEATABLE READ
 * snapshot. A row that says who owns the table would be read from that snapshot.
 */
export function guard(table: TableShape, mode: GuardMode): string[] {
  const others = (['reject', 'report'] as const).filter((other) => other !== mode)
  const removed = others.flatMap((other) => [
    dropTriggers(table, GUARD_TRIGGERS[other]),
    `DROP FUNCTION IF EXISTS ${routineName(`guard_${other}`, table)}();`,
  ])
  if (mode === 'off') return [atomically(removed)]
  const made = [...schemaUp(), ...(mode === 'report' ? [createStrayWrite] : [])]
  // The new guard first: between the two there is no moment without one.
  return [...made, guardFunction(table, mode), atomically([...guardTriggers(table, mode), ...removed])]
}

function guardFunction(table: TableShape, mode: 'reject' | 'report'): string {
  const body = mode === 'reject' ? rejectBody(table) : reportBody(table)
  return `CREATE OR REPLACE FUNCTION ${routineName(`guard_${mode}`, table)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${quoteBody(body)}`
}

/** Rows, not statements: the cascade of a deleted parent runs a statement here even when it has no children. */
function guardTriggers(table: TableShape, mode: 'reject' | 'report'): string[] {
  const [rows, truncate] = GUARD_TRIGGERS[mode]
  const call = `EXECUTE FUNCTION ${routineName(`guard_${mode}`, table)}()`
  const time = mode === 'reject' ? 'BEFORE' : 'AFTER'
  const name = tableName(table)
  return [
    ensureTrigger(
      table,
      rows,
      `${time} INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW ${UNLESS_LET_THROUGH} ${call}`,
    ),
    // Before, also to report: afterwards there are no rows to keep images of.
    ensureTrigger(
      table,
      truncate,
      `BEFORE TRUNCATE ON ${name} FOR EACH STATEMENT ${UNLESS_LET_THROUGH} ${call}`,
    ),
  ]
}

function rejectBody(table: TableShape): string {
  const name = quoteText(`${table.schema}.${table.name}`)
  return `BEGIN
  RAISE EXCEPTION USING
    ERRCODE = '${GUARD_SQLSTATE}',
    SCHEMA = ${quoteText(table.schema)},
    TABLE = ${quoteText(table.name)},
    MESSAGE = 'strangler: this ' || TG_OP || ' on ' || ${name} || ' is rejected, because the other side owns the table now',
    HINT = 'The write has not taken effect. Send it through the proxy; strangler sync status names the owner.';
END`
}

/** The images stand in the write's own transaction: they are kept exactly when the write is. */
function reportBody(table: TableShape): string {
  const name = quoteText(table.name)
  const columns = `(tbl, key, op, before, after, at, session_role, application)`
  const context = `clock_timestamp(), session_user, coalesce(current_setting('application_name', true), '')`
  return `BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO ${SCHEMA}.stray_write ${columns}
    SELECT ${name}, ${keyText('t', table)}, 'T', row_to_json(t), NULL, ${context} FROM ${tableName(table)} AS t;
    RETURN NULL;
  END IF;
  INSERT INTO ${SCHEMA}.stray_write ${columns} VALUES (
    ${name},
    CASE WHEN TG_OP = 'DELETE' THEN ${keyText('OLD', table)} ELSE ${keyText('NEW', table)} END,
    left(TG_OP, 1),
    CASE WHEN TG_OP <> 'INSERT' THEN row_to_json(OLD) END,
    CASE WHEN TG_OP <> 'DELETE' THEN row_to_json(NEW) END,
    ${context}
  );
  RETURN NULL;
END`
}
