import { countOf } from '../core/count-of.ts'
import type { AssessFacts, CapabilityFacts } from './facts.ts'

/** One thing that speaks for moving a capability, or against it: from 0 to 1, and in words. */
export interface Component {
  readonly name: string
  readonly weight: number
  readonly says: string
}

export interface RankedCapability {
  readonly capability: string
  /** What moving it would ease. */
  readonly benefit: readonly Component[]
  /** What moving it would cut. */
  readonly cost: readonly Component[]
  /** Mean of the benefits less mean of the costs, from -1 to 1: only for the order. */
  readonly score: number
  /** What was not measured, so that nobody takes it for nothing. */
  readonly unknown: readonly string[]
}

/** The one that hurts most for the least that must be cut comes first. */
export function rankCapabilities(facts: AssessFacts): RankedCapability[] {
  const whole = totalsOf(facts)
  return facts.capabilities
    .map((one): RankedCapability => {
      const benefit = benefitsOf(one, whole)
      const cost = costsOf(one)
      return {
        ...{ capability: one.capability, benefit, cost },
        score: round(meanOf(benefit) - meanOf(cost)),
        unknown: unknownOf(one, facts),
      }
    })
    .sort((one, other) => other.score - one.score || (one.capability < other.capability ? -1 : 1))
}

interface Totals {
  readonly requests: number
  readonly timeMs: number
  readonly slowestMs: number
  readonly writes: number
  readonly commits: number
}

function totalsOf({ capabilities, elsewhere }: AssessFacts): Totals {
  const measured = capabilities.map(measure)
  const sum = (pick: (one: Measured) => number) => measured.reduce((total, one) => total + pick(one), 0)
  return {
    requests: elsewhere + sum(({ requests }) => requests),
    timeMs: sum(({ timeMs }) => timeMs),
    slowestMs: Math.max(0, ...measured.map(({ p95Ms }) => p95Ms)),
    writes: sum(({ writes }) => writes),
    commits: Math.max(0, ...capabilities.map(({ churn }) => churn?.commits ?? 0)),
  }
}

interface Measured {
  readonly requests: number
  readonly failures: number
  readonly timeMs: number
  readonly p95Ms: number
  /** The endpoint of that p95, and its median. */
  readonly slowest: string | undefined
  readonly medianMs: number
  readonly writes: number
}

function measure({ endpoints, data }: CapabilityFacts): Measured {
  const slowest = endpoints.reduce<(typeof endpoints)[number] | undefined>(
    (worst, one) => ((one.times?.p95Ms ?? 0) > (worst?.times?.p95Ms ?? 0) ? one : worst),
    undefined,
  )
  return {
    requests: endpoints.reduce((sum, { requests }) => sum + requests, 0),
    failures: endpoints.reduce((sum, { failures }) => sum + failures, 0),
    timeMs: endpoints.reduce((sum, { times }) => sum + (times?.totalMs ?? 0), 0),
    p95Ms: slowest?.times?.p95Ms ?? 0,
    slowest: slowest?.endpoint,
    medianMs: slowest?.times?.medianMs ?? 0,
    writes: (data?.tables ?? []).reduce((sum, { writes = 0 }) => sum + writes, 0),
  }
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
const round = (value: number) => Math.round(value * 1_000) / 1_000
const percent = (value: number) => `${Math.round(value * 1_000) / 10} %`
const meanOf = (components: readonly Component[]) =>
  components.length === 0 ? 0 : components.reduce((sum, { weight }) => sum + weight, 0) / components.length
const component = (name: string, weight: number, says: string): Component => ({
  ...{ name, says },
  weight: round(Math.min(1, Math.max(0, weight))),
})

/** So many failures are as bad as it gets: users have noticed. */
const BAD_ERROR_RATE = 0.05

function benefitsOf(facts: CapabilityFacts, whole: Totals): Component[] {
  const own = measure(facts)
  const hasTimes = facts.endpoints.some(({ times }) => times !== undefined)
  const errorRate = share(own.failures, own.requests)
  const { churn } = facts
  return [
    component(
      'traffic',
      share(own.requests, whole.requests),
      `${percent(share(own.requests, whole.requests))} of all requests`,
    ),
    component('errors', errorRate / BAD_ERROR_RATE, `${percent(errorRate)} of its requests fail`),
    ...(hasTimes
      ? [
          component(
            'time',
            share(own.timeMs, whole.timeMs),
            `${percent(share(own.timeMs, whole.timeMs))} of the time that requests take`,
          ),
          component(
            'latency',
            share(own.p95Ms, whole.slowestMs),
            `${own.slowest ?? 'nothing'} takes up to ${Math.round(own.p95Ms)} ms for 95 of 100 requests, ${Math.round(own.medianMs)} ms for half of them`,
          ),
        ]
      : []),
    ...(whole.writes > 0 && facts.data !== undefined
      ? [
          component(
            'changes',
            share(own.writes, whole.writes),
            `${percent(share(own.writes, whole.writes))} of the rows that are written`,
          ),
        ]
      : []),
    ...(churn === undefined
      ? []
      : [
          component(
            'churn',
            share(churn.commits, whole.commits),
            `${countOf(churn.commits, 'commit')} changed ${churn.files} of its files in a year`,
          ),
        ]),
  ]
}

function costsOf({ data, churn }: CapabilityFacts): Component[] {
  const ofCode =
    churn === undefined
      ? []
      : [
          component(
            'shared-code',
            churn.coupled.length / 5,
            churn.coupled.length === 0
              ? 'no file outside changes together with its own'
              : `${churn.coupled[0]?.other} changes together with ${churn.coupled[0]?.file}, and ${countOf(churn.coupled.length - 1, 'pair')} more`,
          ),
        ]
  if (data === undefined) return ofCode
  const { cutKeys, couplings, tables } = data
  const cascades = cutKeys.filter((key) => key.cascades)
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const others = [...new Set(cutKeys.map(({ other }) => other))]
  return [
    component(
      'foreign-keys',
      (cutKeys.length + cascades.length) / 8,
      cutKeys.length === 0
        ? 'no foreign key crosses its border'
        : `${countOf(cutKeys.length, 'foreign key crosses', 'foreign keys cross')} its border (${some(others)}), ${cascades.length} of them with a cascade`,
    ),
    component(
      'transactions',
      couplings.length / 3,
      couplings.length === 0
        ? 'no transaction was seen to change its tables together with others'
        : `transactions change ${some([...new Set(couplings.map(({ table, other }) => `${table} together with ${other}`))])}`,
    ),
    component(
      'size',
      Math.log10(rows + 1) / 9,
      `${countOf(rows, 'row')} in ${countOf(tables.length, 'table')} ${rows === 1 ? 'is' : 'are'} to be copied`,
    ),
    ...ofCode,
  ]
}

const some = (names: readonly string[]) =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

function unknownOf({ endpoints, data, churn }: CapabilityFacts, { databaseProblem }: AssessFacts): string[] {
  const unseen = endpoints.filter(({ requests }) => requests === 0)
  return [
    ...(unseen.length === 0
      ? []
      : [
          `${unseen.length} of its ${countOf(endpoints.length, 'endpoint')} ${unseen.length === 1 ? 'was' : 'were'} not asked yet`,
        ]),
    ...(endpoints.some(({ times }) => times !== undefined)
      ? []
      : ['how long its requests take: the process that was asked serves none']),
    ...(data === undefined
      ? [databaseProblem ?? 'what a split would cut: it has no tables in the configuration']
      : []),
    ...(data?.tables.some(({ writes }) => writes === undefined)
      ? ['how often its tables are written: the database does not count it']
      : []),
    ...(churn === undefined ? ['how often its code changes: name the repository with --repo'] : []),
  ]
}
