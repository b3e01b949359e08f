/** How much is measured. */
export interface SyncBenchOptions {
  readonly json: boolean
  /** Rows of the table that is copied, verified and changed. */
  readonly rows: number
  /** Changed rows a second that are offered in the steady part. */
  readonly changes: number
  /** How long that load lasts. */
  readonly seconds: number
  /** Rounds of single writes to a captured and to a plain table, in turn. */
  readonly rounds: number
  /** Single UPDATEs, INSERTs and DELETEs of each of the two in one round. */
  readonly writes: number
}

export const SYNC_BENCH_DEFAULTS: SyncBenchOptions = {
  json: false,
  rows: 1_000_000,
  changes: 5_000,
  seconds: 20,
  rounds: 20,
  writes: 250,
}

/** The capability and its one table, narrow as such tables are. */
export const CAPABILITY = 'bench'
export const INSTALLATION = 'bench'
export const TABLE = 'item'

/** `name` fits `item`, its copies, and a table beside it that nobody captures. */
export const createTable = (name: string) => `CREATE TABLE ${name} (
  id bigint PRIMARY KEY,
  sku text NOT NULL,
  quantity integer NOT NULL,
  price numeric(12,2) NOT NULL,
  changed_at timestamptz NOT NULL
)`

export const fillTable = (name: string, rows: number) => `INSERT INTO ${name}
SELECT n, 'SKU-' || lpad(n::text, 8, '0'), n % 1000, (n % 100000) / 100.0, clock_timestamp()
FROM generate_series(1, ${rows}) n`
