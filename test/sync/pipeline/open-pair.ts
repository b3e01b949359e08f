import { openSyncDatabase, type SyncDatabase, type TextRow } from '../../../strangler/sync/database.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { compileMapping, type TableMapping, type TableRoute } from '../../../strangler/sync/mapping.ts'
import { createTestDatabase } from '../../support/postgres.ts'

/** Two PostgreSQL databases with capture in one and the target's tables in the other. */
export interface Pair {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
  readonly routes: readonly TableRoute[]
  /** Whatever the kit reported. */
  readonly reports: unknown[]
  readonly report: (operation: string, error: unknown) => void
  inSource(sql: string): Promise<TextRow[]>
  /** Past the guards, as an applier. */
  inTarget(sql: string): Promise<TextRow[]>
  drop(): Promise<void>
}

export interface PairOptions {
  readonly source: string
  /** The same tables by default. */
  readonly target?: string
  readonly mappings: readonly TableMapping[]
}

export async function openPair(options: PairOptions): Promise<Pair> {
  const [there, here] = await Promise.all([
    createTestDatabase('pair_source'),
    createTestDatabase('pair_target'),
  ])
  const reports: unknown[] = []
  const report = (operation: string, error: unknown) => void reports.push([operation, error])
  const source = await openSyncDatabase(there.url, { dialect: postgresDialect, report })
  const target = await openSyncDatabase(here.url, { dialect: postgresDialect, report })
  await runEach(source, [options.source])
  await runEach(target, [options.target ?? options.source])
  const routes = await install(source, target, options.mappings)
  return {
    source,
    target,
    routes,
    reports,
    report,
    inSource: (sql) => source.query({ sql, params: [] }),
    inTarget: (sql) =>
      target.transaction(async (run) => {
        const names = routes.map((route) => route.target.table.name)
        for (const statement of target.dialect.beginApply(names)) await run(statement)
        return run({ sql, params: [] })
      }),
    async drop() {
      await Promise.all([source.stop(), target.stop()])
      await Promise.all([there.drop(), here.drop()])
    },
  }
}

async function install(source: SyncDatabase, target: SyncDatabase, mappings: readonly TableMapping[]) {
  const names = mappings.map(({ table }) => table)
  const monolith = await source.dialect.introspect(source.query, 'public', names)
  const service = await target.dialect.introspect(
    target.query,
    'public',
    mappings.map((mapping) => mapping.as ?? mapping.table),
  )
  await runEach(source, source.dialect.captureUp(monolith))
  await runEach(target, target.dialect.targetUp())
  await runEach(
    target,
    service.flatMap((table) => target.dialect.guard(table, 'reject')),
  )
  return mappings.map((mapping) => {
    const from = monolith.find(({ name }) => name === mapping.table)!
    const to = service.find(({ name }) => name === (mapping.as ?? mapping.table))!
    return compileMapping(mapping, from, to).forward
  })
}

async function runEach(database: SyncDatabase, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await database.query({ sql, params: [] })
}

export async function until(holds: () => Promise<boolean> | boolean, withinMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error('It did not become so in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
