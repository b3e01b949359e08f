import type { DialectName } from '../../core/sync-words.ts'

/** The statements around a dry run, each sent by itself. */
export interface DryRunDialect {
  readonly name: DialectName
  /** Made once, when the service starts. */
  readonly install: readonly string[]
  begin(limits: { readonly lockTimeoutMs: number; readonly timeoutMs: number }): readonly string[]
  /** What a COMMIT would still check, so that it fails here as it would have there; nothing of it stays. */
  readonly check: string | undefined
  /** After the rollback: the connection as it was. Undefined: it is not used again. */
  readonly restore: readonly string[] | undefined
  /** Why a statement failed, when that is not about the request. `lost`: the transaction is gone with it. */
  judge(error: unknown): Failure | undefined
}

interface Failure {
  readonly outcome: 'busy' | 'timeout' | 'refused'
  readonly lost: boolean
}

const SCHEMA = 'strangler_dry_run'
/** A COMMIT that was refused, and what follows where a handler has ended the transaction in its own words. */
const ENDED = new Set(['2D000', '25P01', '25006'])

/**
 * Whatever ends the transaction, nothing stays: a row of the fuse makes every COMMIT fail, in whichever words it comes, and outside of the
 * transaction the session can only read.
 */
export const postgresDryRun: DryRunDialect = {
  name: 'postgres',
  install: [
    `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`,
    `CREATE TABLE IF NOT EXISTS ${SCHEMA}.fuse (at timestamptz NOT NULL)`,
    `CREATE OR REPLACE FUNCTION ${SCHEMA}.refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('strangler.dry_run', true) IS DISTINCT FROM 'checking' THEN
    RAISE EXCEPTION USING ERRCODE = '2D000', MESSAGE = 'strangler: a dry run cannot be committed';
  END IF;
  RETURN NULL;
END $$`,
    `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = '${SCHEMA}.fuse'::regclass AND tgname = 'refuse_commit') THEN
    CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON ${SCHEMA}.fuse DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION ${SCHEMA}.refuse_commit();
  END IF;
END $$`,
  ],
  begin: ({ lockTimeoutMs, timeoutMs }) => [
    // By itself: inside the transaction it would end with it.
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    [
      'BEGIN READ WRITE',
      `SET LOCAL strangler.dry_run = 'on'`,
      `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
      `SET LOCAL statement_timeout = ${timeoutMs}`,
      `INSERT INTO ${SCHEMA}.fuse VALUES (now())`,
    ].join('; '),
  ],
  // The rollback brings back what was pending, the fuse and each constraint's own time included.
  check: [
    'SAVEPOINT strangler_check',
    `SET LOCAL strangler.dry_run = 'checking'`,
    'SET CONSTRAINTS ALL IMMEDIATE',
    'ROLLBACK TO SAVEPOINT strangler_check',
    'RELEASE SAVEPOINT strangler_check',
  ].join('; '),
  restore: ['RESET default_transaction_read_only', 'SELECT pg_advisory_unlock_all()'],
  judge(error) {
    const code = codeOf(error)
    if (ENDED.has(String(code))) return { outcome: 'refused', lost: true }
    if (code === '55P03' || code === '40P01') return { outcome: 'busy', lost: false }
    return code === '57014' ? { outcome: 'timeout', lost: false } : undefined
  },
}

/** No trigger can refuse a COMMIT here; the words of each statement are looked at, and outside of the transaction the session can only read. */
export const mariadbDryRun: DryRunDialect = {
  name: 'mariadb',
  install: [],
  begin: ({ lockTimeoutMs, timeoutMs }) => [
    'SET SESSION TRANSACTION READ ONLY',
    `SET @strangler_dry_run = 1, SESSION max_statement_time = ${timeoutMs / 1_000}, SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = ${Math.max(1, Math.round(lockTimeoutMs / 1_000))}`,
    'START TRANSACTION READ WRITE',
  ],
  check: undefined,
  // The marker opens the guards: no other work may find it on its connection.
  restore: undefined,
  judge(error) {
    const code = codeOf(error)
    if (code === 'ER_LOCK_WAIT_TIMEOUT') return { outcome: 'busy', lost: false }
    if (code === 'ER_LOCK_DEADLOCK') return { outcome: 'busy', lost: true }
    return code === 'ER_STATEMENT_TIMEOUT' ? { outcome: 'timeout', lost: false } : undefined
  },
}

function codeOf(error: unknown): unknown {
  return ((error as { driverError?: { code?: unknown } }).driverError ?? (error as { code?: unknown }))?.code
}
