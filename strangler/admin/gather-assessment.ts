import type { AssessFacts, DataFacts, EndpointFacts } from '../assess/facts.ts'
import { rankCapabilities } from '../assess/rank-capabilities.ts'
import { type Durations, quantileMs, readDurations } from '../telemetry/read-durations.ts'
import type { AssessAnswer } from './assess-contracts.ts'
import { sourcesOf } from './guide/gather-snapshot.ts'
import type { AdminContext } from './present-state.ts'

type DatabaseAnswer = Pick<AssessFacts, 'databaseProblem' | 'sessions'> & {
  readonly byCapability: ReadonlyMap<string, DataFacts>
}

/** Where an assessment gets what the admin API does not have anyway. */
export interface AssessSources {
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>
  readonly database: () => Promise<DatabaseAnswer>
}

/** What was measured of every capability, and in which order that speaks for moving them. */
export async function assess(context: AdminContext): Promise<AssessAnswer> {
  const { config, assess: sources } = context
  const nothing: DatabaseAnswer = { sessions: [], byCapability: new Map() }
  const [durations, database] = await Promise.all([
    sources?.metrics().then(readDurations) ?? new Map<string, Durations>(),
    sources?.database() ?? nothing,
  ])
  const { traffic } = sourcesOf(context)
  const capabilities = await Promise.all(
    Object.entries(config.capabilities).map(async ([capability, { endpoints }]) => {
      const { counts } = await traffic.read(capability)
      return {
        capability,
        endpoints: endpoints.map(({ endpoint }): EndpointFacts => {
          const own = counts.filter((count) => count.endpoint === endpoint)
          const times = durations.get(endpoint)
          return {
            endpoint,
            requests: own.reduce((sum, { requests }) => sum + requests, 0),
            failures: own.reduce((sum, { failures }) => sum + failures, 0),
            ...(times === undefined || times.count === 0 ? {} : { times: toTimes(times) }),
          }
        }),
        data: database.byCapability.get(capability),
      }
    }),
  )
  const { databaseProblem, sessions } = database
  const facts: AssessFacts = {
    ...{ capabilities, sessions, databaseProblem },
    elsewhere: durations.get('-')?.count ?? 0,
  }
  // Through JSON: what is absent is absent.
  return JSON.parse(JSON.stringify({ facts, ranking: rankCapabilities(facts) })) as AssessAnswer
}

function toTimes(durations: Durations): NonNullable<EndpointFacts['times']> {
  return {
    count: durations.count,
    totalMs: Math.round(durations.totalSeconds * 1_000),
    medianMs: quantileMs(durations, 0.5),
    p95Ms: quantileMs(durations, 0.95),
  }
}
