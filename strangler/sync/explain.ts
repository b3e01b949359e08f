import { countOf } from '../core/count-of.ts'
import { StranglerError } from '../core/errors.ts'
import type { CellText } from '../core/sync-words.ts'
import { at, keyColumn, kitTable } from './bookkeeping.ts'
import type { SyncDatabase, TextRow } from './database.ts'
import type { TableRoute } from './mapping.ts'
import { judgeKeys } from './verify-keys.ts'
import { familiesOf, isSameRow, readSourceKeys, readTargetKeys, type SeenRow } from './verify-rows.ts'

const MOST_ENTRIES = 20

export interface ExplainOptions {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
  readonly routes: readonly TableRoute[]
  /** Whether the relay of this process has it on its way; undefined when it runs elsewhere. */
  readonly isSent?: (table: string, key: string) => boolean | undefined
}

/** A row by the target's column names; values are the row's own, so mask what is shown. */
export type ExplainedRow = Readonly<Record<string, CellText>>

/** One row's way from the source to the target. */
export interface Explanation {
  readonly table: string
  readonly key: string
  readonly source: {
    /** As the mapping would have it in the target; null when there is none. */
    readonly row: ExplainedRow | null
    /** Why the mapping cannot convert it. */
    readonly refusal: string | undefined
    /** Changes that are not acknowledged, newest first, at most 20. */
    readonly pending: readonly { readonly version: string; readonly op: string; readonly ageMs: number }[]
  }
  /** Whether it is on its way; undefined when that is not known here. */
  readonly sent: boolean | undefined
  readonly target: {
    readonly row: ExplainedRow | null
    /** What the row stands at; undefined when no message about it was ever applied. */
    readonly applied:
      | { readonly epoch: number; readonly version: string; readonly deleted: boolean }
      | undefined
    /** It could not be applied, and why. */
    readonly quarantine:
      | { readonly version: string; readonly error: string; readonly attempts: number }
      | undefined
  }
  /** One sentence. */
  readonly verdict: string
}

/**
 * Where a row is on its way.
 * @param name the source's table, and the canonical key of the row: `["42"]`
 * @throws StranglerError STRANGLER_INVALID_COMMAND when the key has another number of columns; Error when the table is not synced, or the database's error
 */
export async function explain(
  options: ExplainOptions,
  name: { readonly table: string; readonly key: string },
): Promise<Explanation> {
  const { table, key } = name
  const route = options.routes.find(({ source }) => source.table.name === table)
  if (route === undefined) {
    const known = options.routes.map(({ source }) => source.table.name).join(', ')
    throw new Error(`The table ${table} is not synced. These are: ${known}.`)
  }
  refuseOtherKey(route, key)
  const there = route.target.table.name
  const [applied, quarantine] = await Promise.all([
    readAbout(options.target, 'applied', { table: there, key }),
    readAbout(options.target, 'quarantine', { table: there, key }),
  ])
  const [found] = await readTargetKeys(options.target, route, [key])
  const [wanted] = await readSourceKeys(options.source, route, [key])
  const pending = await readEntries(options.source, { table, key })
  const facts = {
    table,
    key,
    source: { row: nameCells(route, wanted), refusal: wanted?.refusal, pending },
    sent: options.isSent?.(table, key),
    target: {
      row: nameCells(route, found),
      applied: applied && {
        epoch: Number(applied['epoch']),
        version: applied['version'] ?? '0',
        deleted: /^(t|true|1)$/.test(applied['deleted'] ?? ''),
      },
      quarantine: quarantine && {
        version: quarantine['version'] ?? '0',
        error: quarantine['error'] ?? '',
        attempts: Number(quarantine['attempts']),
      },
    },
  }
  const isSame = isSameRow(familiesOf(route), wanted!, found!)
  // A difference may be of two moments: this look is of one.
  const { diverged } =
    isSame || pending.length > 0 ? { diverged: [] } : await judgeKeys(options, route, [key])
  return { ...facts, verdict: judge(facts, { isSame, isDiverged: diverged.length > 0 }) }
}

async function readAbout(
  target: SyncDatabase,
  kind: 'applied' | 'quarantine',
  { table, key }: { table: string; key: string },
): Promise<TextRow | undefined> {
  const dialect = target.dialect.name
  const columns = kind === 'applied' ? 'epoch, version, deleted' : 'version, error, attempts'
  const [row] = await target.query({
    sql: `SELECT ${columns} FROM ${kitTable(dialect, kind)} WHERE tbl = ${at(dialect, 1)} AND ${keyColumn(dialect)} = ${at(dialect, 2)}`,
    params: [table, key],
  })
  return row
}

async function readEntries(
  source: SyncDatabase,
  { table, key }: { table: string; key: string },
): Promise<{ version: string; op: string; ageMs: number }[]> {
  const dialect = source.dialect.name
  const age =
    dialect === 'postgres'
      ? 'floor(extract(epoch FROM clock_timestamp() - at) * 1000)::text'
      : 'CAST(FLOOR(TIMESTAMPDIFF(MICROSECOND, at, SYSDATE(6)) / 1000) AS CHAR)'
  const statement = source.dialect.askChanges(
    (changes) => `SELECT version, op, ${age} AS age_ms FROM ${changes}
WHERE tbl = ${at(dialect, 1)} AND ${keyColumn(dialect)} = ${at(dialect, 2)} ORDER BY version DESC LIMIT ${MOST_ENTRIES}`,
    [table, key],
  )
  const rows = await source.query(statement)
  return rows.map((row) => ({
    version: row['version'] ?? '0',
    op: row['op'] ?? '',
    ageMs: Math.max(0, Number(row['age_ms'])),
  }))
}

/** Half of a key is no key: it would be found nowhere. */
function refuseOtherKey({ source: { table } }: TableRoute, key: string): void {
  const said: unknown = JSON.parse(key)
  if (!Array.isArray(said) || said.length === table.key.length) return
  throw new StranglerError(
    'STRANGLER_INVALID_COMMAND',
    `The key of ${table.name} has ${countOf(table.key.length, 'column')} (${table.key.join(', ')}), and ${countOf(said.length, 'value')} came.`,
    { fix: `Give one value for each, in this order: ${table.key.join(' ')}.` },
  )
}

function nameCells(route: TableRoute, row: SeenRow | undefined): ExplainedRow | null {
  if (row === undefined || row.cells === null || row.refusal !== undefined) return null
  return Object.fromEntries(route.target.columns.map((name, index) => [name, row.cells![index] ?? null]))
}

function judge(
  { table, key, source, sent, target }: Omit<Explanation, 'verdict'>,
  { isSame, isDiverged }: { isSame: boolean; isDiverged: boolean },
): string {
  const row = `${table} ${key}`
  const [newest] = source.pending
  if (source.refusal !== undefined) return `The mapping cannot convert ${row}: ${source.refusal}`
  if (newest !== undefined) {
    const oldest = source.pending.at(-1)!
    const changes = `${countOf(source.pending.length, 'pending change')}, the oldest ${(oldest.ageMs / 1_000).toFixed(1)} s old`
    if (target.quarantine !== undefined)
      return `The target has refused ${row} ${countOf(target.quarantine.attempts, 'time')} and it is tried again: ${target.quarantine.error}`
    if (isSame) return `${row} is applied, and its acknowledgement has not arrived yet (${changes}).`
    const where =
      sent === undefined
        ? 'is captured, and sent or about to be'
        : sent
          ? 'is sent and not applied yet'
          : 'is captured and not sent yet'
    return `${row} ${where} (${changes}).`
  }
  if (isSame && target.row === null) return `${row} is on neither side, and nothing about it is pending.`
  if (isSame) return `${row} is the same on both sides, and nothing about it is pending.`
  if (!isDiverged) return `${row} was changed just now: ask again.`
  const how =
    target.row === null ? 'missing in the target' : source.row === null ? 'extra in the target' : 'different'
  return `${row} has diverged: it is ${how} and nothing on its way will change that; repair it.`
}
