import type { Direction, TableShape } from '../core/sync-words.ts'
import type { Side } from '../core/words.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabasePair, PairAddresses } from './database-pair.ts'
import {
  type CompiledMapping,
  compileMapping,
  proveMapping,
  type TableMapping,
  type TableRoute,
} from './mapping.ts'
import { type Finding, toFinding } from './preflight/findings.ts'

/** A table of a capability as the configuration has it. `schema` is PostgreSQL's; default `public`. */
export interface SyncedTable extends TableMapping {
  readonly schema?: string | undefined
  /** What becomes of a write by the side that does not own it; `reject` by default. */
  readonly guard?: { readonly mode: 'reject' | 'report'; readonly because?: string | undefined } | undefined
}

/** The tables as the two databases have them, and their way there and back. With a finding that blocks, the routes are not to be used. */
export interface CheckedTables {
  readonly routes: Readonly<Record<Direction, readonly TableRoute[]>>
  readonly findings: readonly Finding[]
}

/** Rows of each table on which `map` and `unmap` must show that nothing is lost. */
const PROVEN_ROWS = 500

/** Looks at both databases and settles how each table is carried; changes nothing. Every finding of it blocks. */
export async function checkTables(
  pair: DatabasePair,
  tables: readonly SyncedTable[],
  addresses: PairAddresses,
): Promise<CheckedTables> {
  const names = (pick: (table: SyncedTable) => string) => tables.map(pick)
  const doubled = [
    ...findDoubled(names((table) => table.table)),
    ...findDoubled(names((table) => table.as ?? table.table)),
  ]
  const checked = await Promise.all(tables.map((table) => checkTable(pair, table, addresses)))
  const compiled = checked.flatMap((one) => one.compiled ?? [])
  return {
    routes: {
      forward: compiled.map(({ forward }) => forward),
      reverse: compiled.map(({ reverse }) => reverse),
    },
    findings: [...doubled, ...checked.flatMap((one) => one.findings)],
  }
}

function findDoubled(names: readonly string[]): Finding[] {
  return [...new Set(names.filter((name, position) => names.indexOf(name) !== position))].map((table) =>
    toFinding('TABLE_TWICE', {
      table,
      reason: `${table} is named twice: the log tells tables apart by their names alone`,
    }),
  )
}

interface CheckedTable {
  readonly compiled?: CompiledMapping
  readonly findings: readonly Finding[]
}

async function checkTable(
  pair: DatabasePair,
  mapping: SyncedTable,
  addresses: PairAddresses,
): Promise<CheckedTable> {
  const there = mapping.as ?? mapping.table
  const [monolith, service] = await Promise.all([
    readShape(pair.monolith, pair.schemaOf('monolith', mapping.schema), mapping.table),
    readShape(pair.service, pair.schemaOf('service', mapping.schema), there),
  ])
  const sides = { monolith: addresses.monolith.side, service: addresses.service.side }
  const missing = [
    ...(monolith === undefined ? [notThere(mapping.table, sides.monolith, 'monolith')] : []),
    ...(service === undefined ? [notThere(there, sides.service, 'service')] : []),
  ]
  if (monolith === undefined || service === undefined) return { findings: missing }
  const keys = [
    ...checkKey(monolith, sides.monolith, 'monolith'),
    ...checkKey(service, sides.service, 'service'),
  ]
  if (keys.length > 0) return { findings: keys }
  const compiled = compileMapping(mapping, monolith, service)
  const problems = compiled.problems.length > 0 ? compiled.problems : await prove(pair, mapping, compiled)
  const mend = `Correct the entry of ${mapping.table} in \`tables\`, or the service's schema.`
  return {
    compiled,
    findings: problems.map((reason) => toFinding('MAPPING_UNFIT', { table: mapping.table, reason, mend })),
  }
}

async function readShape(
  database: SyncDatabase,
  schema: string,
  name: string,
): Promise<TableShape | undefined> {
  return (await database.dialect.introspect(database.query, schema, [name]))[0]
}

function notThere(table: string, side: string, whose: Side): Finding {
  const reason = `the ${whose}'s database has no table ${table} that its user can see`
  return toFinding('TABLE_MISSING', { side, table, reason })
}

function checkKey(
  { name: table, key, keyDeferrable, keyRefused }: TableShape,
  side: string,
  whose: Side,
): Finding[] {
  const finding = (code: 'KEY_UNUSABLE' | 'KEY_MISSING' | 'KEY_DEFERRABLE', reason: string, mend: string) => [
    toFinding(code, { side, table, reason: `in the ${whose}'s database ${reason}`, mend }),
  ]
  if (keyRefused !== undefined) {
    const reason = `the key of ${table} cannot be used: ${keyRefused}`
    return finding('KEY_UNUSABLE', reason, 'Give the table another key.')
  }
  if (key.length === 0) {
    const reason = `${table} has no primary key and no unique key without NULL`
    return finding('KEY_MISSING', reason, `Add a primary key to ${table}.`)
  }
  if (!keyDeferrable) return []
  const reason = `the key of ${table} is DEFERRABLE: two rows may have it at once, so versions would not stand in commit order`
  return finding('KEY_DEFERRABLE', reason, `Make the key of ${table} NOT DEFERRABLE.`)
}

/** A mapping of functions is shown on rows, never believed. */
async function prove(
  { monolith }: DatabasePair,
  mapping: SyncedTable,
  compiled: CompiledMapping,
): Promise<readonly string[]> {
  if (mapping.map === undefined) return []
  const columns = compiled.forward.source
  const rows = await monolith.query(monolith.dialect.readRange(columns, undefined, PROVEN_ROWS, 'none'))
  const texts = rows.map((row) => columns.columns.map((_name, position) => row[`c${position}`] ?? null))
  return proveMapping(compiled, texts)
    .slice(0, 5)
    .map((found) => `${mapping.table}: a row does not come back as it was: ${found}`)
}
