import { findCutKeys } from './assess/describe-border.ts'
import type { AssessFacts, DataFacts, SessionFacts } from './assess/facts.ts'
import type { Config } from './config/schema.ts'
import { sayWithFix } from './core/errors.ts'
import type { ReportError } from './core/ports.ts'
import { watchCouplings } from './doctor-part.ts'
import { type DatabaseActivity, readDatabaseActivity } from './sync/read-tables.ts'

/** For what can only be seen while it happens. */
const LOOK_MS = 3_000

export interface DatabaseFacts extends Pick<AssessFacts, 'databaseProblem' | 'sessions'> {
  readonly byCapability: ReadonlyMap<string, DataFacts>
}

/** What the monolith's database tells of each capability's tables and of their borders. Reads its catalogue and books, and no row. */
export async function readDatabaseFacts(config: Config, report: ReportError): Promise<DatabaseFacts> {
  const nothing = { sessions: [], byCapability: new Map<string, DataFacts>() }
  const url = config.sides['monolith']?.database
  if (url === undefined)
    return { ...nothing, databaseProblem: 'what a split would cut: `sides.monolith.database` is not named' }
  try {
    const read = await readDatabaseActivity({ side: 'monolith', url }, report)
    const owners = Object.entries(config.capabilities).filter(([, { tables }]) => tables.length > 0)
    // All at once: each has to wait for what may happen meanwhile.
    const facts = owners.map(
      async ([capability]) => [capability, await readBorder({ config, report }, capability, read)] as const,
    )
    const sessions = read.sessions.map(
      ({ role, application }): SessionFacts => ({ role: role ?? '', application: application ?? '' }),
    )
    return { sessions, byCapability: new Map(await Promise.all(facts)) }
  } catch (error) {
    return { ...nothing, databaseProblem: `what a split would cut: ${sayWithFix(error)}` }
  }
}

async function readBorder(
  { config, report }: { config: Config; report: ReportError },
  capability: string,
  { tables, activity }: DatabaseActivity,
): Promise<DataFacts> {
  const own = (config.capabilities[capability]?.tables ?? []).map(({ table }) => table)
  const couplings = await watchCouplings({ config, report, lookMs: LOOK_MS }, capability)
  return {
    tables: own.map((table) => {
      const row = activity.find(({ tbl }) => tbl === table)
      const writes = row?.['writes'] ?? undefined
      return {
        ...{ table, rows: Math.max(0, Number(row?.['row_count'] ?? 0)) },
        ...(writes === undefined ? {} : { writes: Number(writes) }),
      }
    }),
    cutKeys: findCutKeys(tables, own),
    couplings: couplings.map(({ table, other, seen }) => ({ table, other, seen })),
  }
}
