import type { DialectName } from '../../../strangler/core/sync-words.ts'

/**
 * Tables with what makes a sync difficult: composite and changing keys, unique values, references that act, one of a table to itself, and one
 * from `region`, which is not synced. `shelf` and `slot` belong to the directed schedules; the random writers leave them alone.
 */
export const TABLES = ['account', 'item', 'audit', 'tag', 'shelf', 'slot']

/** How a column is read for the comparison. */
type Kind = 'plain' | 'text' | 'instant' | 'bytes'

/** What is compared, and by which columns two rows are the same one. */
export const COLUMNS: Readonly<
  Record<string, { readonly key: number; readonly columns: Record<string, Kind> }>
> = {
  account: {
    key: 1,
    columns: {
      id: 'plain',
      email: 'text',
      balance: 'plain',
      sponsor_id: 'plain',
      region_id: 'plain',
      changed_at: 'instant',
    },
  },
  item: { key: 2, columns: { account_id: 'plain', position: 'plain', sku: 'text', doc: 'text' } },
  audit: { key: 1, columns: { id: 'plain', account_id: 'plain', body: 'bytes' } },
  tag: { key: 1, columns: { code: 'text', label: 'text', hits: 'plain' } },
  shelf: { key: 1, columns: { id: 'plain', label: 'text' } },
  slot: { key: 1, columns: { id: 'plain', shelf_id: 'plain', other_id: 'plain', value: 'text' } },
}

export const ACCOUNTS = 150
export const REGIONS = 12
export const TAGS = 40

interface Words {
  readonly text: (length: number) => string
  readonly instant: string
  readonly bytes: string
  readonly uuid: string
}

const WORDS: { readonly [name in DialectName]: Words } = {
  postgres: {
    text: () => 'text',
    instant: 'timestamptz NOT NULL DEFAULT clock_timestamp()',
    bytes: 'bytea',
    uuid: 'uuid',
  },
  mariadb: {
    text: (length) => `varchar(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    instant: 'timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
    bytes: 'blob',
    uuid: 'uuid',
  },
}

/** The monolith's tables, or the service's, which has no regions. */
export function writeSchema(dialect: DialectName, side: 'source' | 'target'): string[] {
  const { text, instant, bytes, uuid } = WORDS[dialect]
  const region = side === 'source' ? ', FOREIGN KEY (region_id) REFERENCES region (id) ON DELETE CASCADE' : ''
  const tables = [
    `CREATE TABLE account (
      id bigint PRIMARY KEY,
      email ${text(190)} NOT NULL UNIQUE,
      balance numeric(12,2) NOT NULL DEFAULT 0,
      sponsor_id bigint,
      region_id integer,
      changed_at ${instant},
      FOREIGN KEY (sponsor_id) REFERENCES account (id) ON DELETE SET NULL${region})`,
    `CREATE TABLE item (
      account_id bigint NOT NULL,
      position integer NOT NULL,
      sku ${text(40)} NOT NULL,
      doc json,
      PRIMARY KEY (account_id, position),
      FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
    `CREATE TABLE audit (
      id ${uuid} PRIMARY KEY,
      account_id bigint,
      body ${bytes},
      FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
    `CREATE TABLE tag (code ${text(40)} PRIMARY KEY, label ${text(190)} UNIQUE, hits bigint NOT NULL DEFAULT 0)`,
    `CREATE TABLE shelf (id bigint PRIMARY KEY, label ${text(40)} UNIQUE)`,
    `CREATE TABLE slot (
      id bigint PRIMARY KEY,
      shelf_id bigint,
      other_id bigint,
      value ${text(190)},
      FOREIGN KEY (shelf_id) REFERENCES shelf (id) ON DELETE CASCADE,
      FOREIGN KEY (other_id) REFERENCES shelf (id) ON DELETE CASCADE)`,
  ]
  return side === 'source' ? ['CREATE TABLE region (id integer PRIMARY KEY)', ...tables] : tables
}

/** Rows from before the triggers: only the backfill brings them. */
export function writeSeed(dialect: DialectName): string[] {
  const series = (to: number) =>
    dialect === 'postgres' ? `generate_series(1, ${to}) AS s(n)` : `(SELECT seq AS n FROM seq_1_to_${to}) s`
  const series2 = (to: number) =>
    dialect === 'postgres' ? `generate_series(1, ${to}) AS p(m)` : `(SELECT seq AS m FROM seq_1_to_${to}) p`
  const name = (before: string, value: string, after = '') => `concat('${before}', ${value}, '${after}')`
  const uuid = dialect === 'postgres' ? 'gen_random_uuid()' : 'uuid()'
  const bytes = dialect === 'postgres' ? `decode(md5(n::text), 'hex')` : 'UNHEX(MD5(n))'
  return [
    `INSERT INTO region SELECT n FROM ${series(REGIONS)}`,
    `INSERT INTO account (id, email, balance, region_id) SELECT n, ${name('a', 'n', '@example.test')}, n, 1 + n % ${REGIONS} FROM ${series(ACCOUNTS)}`,
    `UPDATE account SET sponsor_id = ${ACCOUNTS} + 1 - id WHERE id % 3 = 0`,
    `INSERT INTO item SELECT n, m, ${name('sku-', 'm')}, '{"n": 12345678901234567890.10}' FROM ${series(ACCOUNTS)}, ${series2(20)}`,
    `INSERT INTO audit SELECT ${uuid}, 1 + n % ${ACCOUNTS}, ${bytes} FROM ${series(3_000)}`,
    `INSERT INTO tag SELECT ${name('t', 'n')}, ${name('label ', 'n')}, 0 FROM ${series(TAGS)}`,
    `INSERT INTO shelf SELECT n, ${name('shelf ', 'n')} FROM ${series(20)}`,
    `INSERT INTO slot SELECT n, NULL, NULL, 'first' FROM ${series(40)}`,
  ]
}
