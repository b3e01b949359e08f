import type { DialectName } from '../../../strangler/core/sync-words.ts'
import type { NamedCase } from './load-cases.ts'
import { inDialect, type TypeValue } from './type-case.ts'

/** What the application does with a case's table, as SQL of the source's dialect, and what must be there afterwards. */
export interface CasePlan {
  /** Before anything is installed: the backfill brings these rows. */
  readonly before: readonly string[]
  /** While the sync runs. */
  readonly live: readonly string[]
  /** Text of each row by its `id`, as the target shows it. */
  readonly carried: ReadonlyMap<string, string | null>
  /** Rows that the target refuses, by `id`, and what the quarantine says of them. */
  readonly quarantined: ReadonlyMap<string, RegExp>
}

const LIVE = 100
const CHANGED = 901
const DELETED = 902

export function planCase(typeCase: NamedCase, from: DialectName, to: DialectName): CasePlan {
  const values = typeCase.change.flatMap((value) => {
    const sql = inDialect(value.sql, from)
    return sql === undefined ? [] : [{ sql, value, unfit: value.unfit?.[to] }]
  })
  const fitting = values.filter(({ unfit }) => unfit === undefined)
  const insert = (id: number, sql: string) =>
    `INSERT INTO ${typeCase.table} (id, ${filled(typeCase)}) VALUES (${id}, ${sql})`
  const carried = new Map<string, string | null>()
  const quarantined = new Map<string, RegExp>()
  // What has gone through PostgreSQL has its form, e.g. a UUID in lower case.
  const reads = (value: TypeValue) => inDialect(value.reads, from === 'postgres' ? from : to) ?? null
  const before = fitting.map(({ sql }, index) => insert(index + 1, sql))
  for (const [index, { value }] of fitting.entries()) carried.set(String(index + 1), reads(value))
  for (const [index, { value, unfit }] of values.entries()) {
    if (unfit !== undefined) quarantined.set(String(LIVE + index), unfit)
    else if (typeCase.create.isKey === undefined) carried.set(String(LIVE + index), reads(value))
  }
  const late = values.flatMap(({ sql, unfit }, index) =>
    unfit === undefined && typeCase.create.isKey ? [] : [insert(LIVE + index, sql)],
  )
  const [first] = fitting
  if (first === undefined) throw new Error(`${typeCase.name} has no value that ${to} can hold from ${from}`)
  if (typeCase.create.isKey)
    return {
      before,
      live: [...late, ...rewriteKeys(typeCase, first.sql)],
      carried: moveFirst(carried),
      quarantined,
    }
  const [column] = filled(typeCase).split(', ')
  carried.set(String(CHANGED), reads(first.value))
  return {
    before: [...before, insert(CHANGED, 'NULL'), insert(DELETED, first.sql)],
    live: [
      ...late,
      `UPDATE ${typeCase.table} SET ${column} = ${first.sql} WHERE id = ${CHANGED}`,
      `DELETE FROM ${typeCase.table} WHERE id = ${DELETED}`,
    ],
    carried,
    quarantined,
  }
}

export function filled({ create }: NamedCase): string {
  return create.fills ?? (create.isKey ? 'k' : 'v')
}

/** A key goes and comes again, the others are changed beside it. */
function rewriteKeys({ table, ...typeCase }: NamedCase, first: string): string[] {
  return [
    `DELETE FROM ${table} WHERE id = 1`,
    `INSERT INTO ${table} (id, ${filled({ table, ...typeCase })}) VALUES (${CHANGED}, ${first})`,
    `UPDATE ${table} SET n = 7 WHERE id < ${LIVE}`,
  ]
}

function moveFirst(rows: ReadonlyMap<string, string | null>): Map<string, string | null> {
  return new Map([...rows].map(([id, text]) => [id === '1' ? String(CHANGED) : id, text]))
}

/** The table in one dialect; `id` tells a test's rows apart, `n` is changed beside a key. */
export function createTable(typeCase: NamedCase, dialect: DialectName): string[] {
  const { create, table } = typeCase
  const type = create.type[dialect]
  const usual = create.isKey
    ? `k ${type} NOT NULL PRIMARY KEY, id int, n int`
    : `id int PRIMARY KEY, n int, v ${type}`
  return [
    ...(create.before?.[dialect] ?? []),
    `CREATE TABLE ${table} (${inDialect(create.columns, dialect) ?? usual})`,
  ]
}

/** Reads `id` and the value's text, as the case has it. */
export function readTable(typeCase: NamedCase, dialect: DialectName): string {
  const column = typeCase.create.isKey ? 'k' : 'v'
  const usual = dialect === 'postgres' ? `${column}::text` : `CAST(${column} AS CHAR)`
  const read = inDialect(typeCase.expect.read, dialect) ?? usual
  const id = dialect === 'postgres' ? 'id::text' : 'CAST(id AS CHAR)'
  return `SELECT ${id} AS id, ${read} AS text FROM ${typeCase.table} ORDER BY id`
}

/** Gives one row of the target another value, past the kit: that must not look the same. */
export function tamper(typeCase: NamedCase, to: DialectName): { away: string; back: string } | undefined {
  if (typeCase.create.isKey) {
    const set = (n: string) => `UPDATE ${typeCase.table} SET n = ${n} WHERE id = 2`
    return { away: set('8'), back: set('7') }
  }
  const usable = typeCase.change.filter(({ sql, unfit }) => inDialect(sql, to) && unfit === undefined)
  const [one, other] = usable.map(({ sql }) => inDialect(sql, to)!)
  if (one === undefined || other === undefined) return undefined
  const [column] = filled(typeCase).split(', ')
  const set = (sql: string) => `UPDATE ${typeCase.table} SET ${column} = ${sql} WHERE id = ${CHANGED}`
  return { away: set(other), back: set(one) }
}
