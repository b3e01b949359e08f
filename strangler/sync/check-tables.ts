import type { Direction, TableShape } from '../core/sync-words.ts'
import { hasKitTable } from './bookkeeping.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabasePair } from './database-pair.ts'
import {
  type CompiledMapping,
  compileMapping,
  proveMapping,
  type TableMapping,
  type TableRoute,
} from './mapping.ts'

/** Something that stands in the way of a sync, and what mends it. */
export interface Finding {
  readonly table: string
  readonly reason: string
  readonly mend: string
}

/** A table of a capability as the configuration has it. `schema` is PostgreSQL's; default `public`. */
export interface SyncedTable extends TableMapping {
  readonly schema?: string | undefined
}

/** The tables as the two databases have them, and their way there and back. With findings the routes are not to be used. */
export interface CheckedTables {
  readonly routes: Readonly<Record<Direction, readonly TableRoute[]>>
  readonly findings: readonly Finding[]
}

/** Rows of each table on which `map` and `unmap` must show that nothing is lost. */
const PROVEN_ROWS = 500

/** Looks at both databases and settles how each table is carried; changes nothing. */
export async function checkTables(
  pair: DatabasePair,
  tables: readonly SyncedTable[],
): Promise<CheckedTables> {
  const names = (pick: (table: SyncedTable) => string) => tables.map(pick)
  const doubled = [
    ...findDoubled(names((table) => table.table)),
    ...findDoubled(names((table) => table.as ?? table.table)),
  ]
  const checked = await Promise.all(tables.map((table) => checkTable(pair, table)))
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
  return [...new Set(names.filter((name, position) => names.indexOf(name) !== position))].map((table) => ({
    table,
    reason: `${table} is named twice: the log tells tables apart by their names alone`,
    mend: 'Name each table once, also when they stand in different schemas.',
  }))
}

interface CheckedTable {
  readonly compiled?: CompiledMapping
  readonly findings: readonly Finding[]
}

async function checkTable(pair: DatabasePair, mapping: SyncedTable): Promise<CheckedTable> {
  const there = mapping.as ?? mapping.table
  const [monolith, service] = await Promise.all([
    readShape(pair.monolith, pair.schemaOf('monolith', mapping.schema), mapping.table),
    readShape(pair.service, pair.schemaOf('service', mapping.schema), there),
  ])
  const missing = [
    ...(monolith === undefined ? [notThere(mapping.table, 'monolith')] : []),
    ...(service === undefined ? [notThere(there, 'service')] : []),
  ]
  if (monolith === undefined || service === undefined) return { findings: missing }
  const keys = [...checkKey(monolith, 'monolith'), ...checkKey(service, 'service')]
  if (keys.length > 0) return { findings: keys }
  const compiled = compileMapping(mapping, monolith, service)
  const problems = compiled.problems.length > 0 ? compiled.problems : await prove(pair, mapping, compiled)
  const mend = `Correct the entry of ${mapping.table} in \`tables\`, or the service's schema.`
  return {
    compiled,
    findings: problems.map((reason) => ({ table: mapping.table, reason, mend })),
  }
}

async function readShape(
  database: SyncDatabase,
  schema: string,
  name: string,
): Promise<TableShape | undefined> {
  return (await database.dialect.introspect(database.query, schema, [name]))[0]
}

function notThere(table: string, side: string): Finding {
  return {
    table,
    reason: `the ${side}'s database has no table ${table} that its user can see`,
    mend: `Create it there, or correct its name in \`tables\` and the address in \`sides\`.`,
  }
}

function checkKey(shape: TableShape, side: string): Finding[] {
  const finding = (reason: string, mend: string) => [
    { table: shape.name, reason: `in the ${side}'s database ${reason}`, mend },
  ]
  if (shape.keyRefused !== undefined) {
    return finding(
      `the key of ${shape.name} cannot be used: ${shape.keyRefused}`,
      'Give the table another key.',
    )
  }
  if (shape.key.length === 0) {
    return finding(
      `${shape.name} has no primary key and no unique key without NULL`,
      `Add a primary key to ${shape.name}.`,
    )
  }
  if (!shape.keyDeferrable) return []
  return finding(
    `the key of ${shape.name} is DEFERRABLE: two rows may have it at once, so versions would not stand in commit order`,
    `Make the key of ${shape.name} NOT DEFERRABLE.`,
  )
}

/** A mapping of functions is shown on rows, never believed. */
async function prove(
  { monolith }: DatabasePair,
  mapping: SyncedTable,
  compiled: CompiledMapping,
): Promise<readonly string[]> {
  // Rows are read with their versions, so the log must be there.
  if (mapping.map === undefined || !(await hasKitTable(monolith, 'change_log'))) return []
  const columns = compiled.forward.source
  const rows = await monolith.query(monolith.dialect.readRange(columns, undefined, PROVEN_ROWS))
  const texts = rows.map((row) => columns.columns.map((_name, position) => row[`c${position}`] ?? null))
  return proveMapping(compiled, texts)
    .slice(0, 5)
    .map((found) => `${mapping.table}: a row does not come back as it was: ${found}`)
}
