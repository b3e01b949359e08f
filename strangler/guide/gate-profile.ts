import type { GateProfileName } from '../core/guide-words.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The numbers that the gates ask for. Shares are from 0 to 1. */
export interface GateProfile {
  readonly name: GateProfileName
  readonly proxyP99Ms: number
  /** So many requests, or so long. */
  readonly observedRequests: number
  readonly observedMs: number
  readonly verifyGoodForMs: number
  readonly lagP99Ms: number
  readonly lagWindowMs: number
  readonly coverage: number
  /** The upper end of the 95 % interval. */
  readonly netMismatch: number
  readonly comparisonsPerEndpoint: number
  /** Of the shapes of requests that were seen, so many were compared three times; absent: nobody asks for it. */
  readonly shapesCovered?: number
  /** The service's p95 at most so many times the monolith's. */
  readonly latencyFactor: number
  readonly canarySteps: readonly number[]
  readonly canaryIntervalMs: number
  readonly canaryRequests: number
  /** The 99 % bound of the difference of the error rates. */
  readonly errorDifference: number
  /** How long all reads must have been at the service before the cut-over. */
  readonly readsSoakMs: number
  readonly logAgeMs: number
  readonly logWindowMs: number
  readonly dryRunGoodForMs: number
  readonly wayBackGoodForMs: number
  /** How long the service must have owned before the old side may go. */
  readonly soakMs: number
}

const DEFAULT: GateProfile = Object.freeze({
  name: 'default',
  proxyP99Ms: 2,
  observedRequests: 1_000,
  observedMs: 24 * HOUR,
  verifyGoodForMs: 24 * HOUR,
  lagP99Ms: 2 * SECOND,
  lagWindowMs: 10 * MINUTE,
  coverage: 0.9,
  netMismatch: 0.001,
  comparisonsPerEndpoint: 200,
  latencyFactor: 1.2,
  canarySteps: Object.freeze([1, 5, 25, 50, 100]),
  canaryIntervalMs: MINUTE,
  canaryRequests: 50,
  errorDifference: 0.005,
  readsSoakMs: DAY,
  logAgeMs: 5 * SECOND,
  logWindowMs: MINUTE,
  dryRunGoodForMs: HOUR,
  wayBackGoodForMs: DAY,
  soakMs: 7 * DAY,
})

/**
 * The same gates over shorter windows, for a shop that has a hundred shoppers and a minute. Fewer requests can only show a smaller
 * certainty, and one machine that serves everything is slower, so these bounds are wider; what is no matter of either is asked as ever.
 * `docs/guide/README.md` has each number beside the default's.
 */
const DEMO: GateProfile = Object.freeze({
  ...DEFAULT,
  name: 'demo',
  // Shop, databases, services, proxy and shoppers wait for the same two processors: one request in a hundred waits for its turn, and that is not the proxy's work.
  // It was 1 to 12 ms with nothing else running, and 80 beside a load of twenty.
  proxyP99Ms: 100,
  observedRequests: 100,
  observedMs: 10 * SECOND,
  lagWindowMs: 3 * SECOND,
  // Some 380 exchanges without a difference.
  netMismatch: 0.01,
  comparisonsPerEndpoint: 20,
  // The monolith has been running for a while when the service, which has just begun, is held against it: 1.5 to 2.9 times with nothing else running.
  latencyFactor: 3,
  // 1 % of a hundred users may be nobody.
  canarySteps: Object.freeze([10, 25, 50, 100]),
  canaryIntervalMs: 2 * SECOND,
  canaryRequests: 10,
  readsSoakMs: 3 * SECOND,
  logWindowMs: 2 * SECOND,
  soakMs: 5 * SECOND,
})

/** With what the configuration asks for besides. */
export function profileOf(
  name: GateProfileName,
  { shapesCovered }: { readonly shapesCovered?: number | undefined },
): GateProfile {
  const profile = GATE_PROFILES[name]
  return shapesCovered === undefined ? profile : Object.freeze({ ...profile, shapesCovered })
}

export const GATE_PROFILES: Readonly<Record<GateProfileName, GateProfile>> = { default: DEFAULT, demo: DEMO }
