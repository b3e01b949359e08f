import type { Migration, Position } from '../../strangler/core/guide-words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { stepOf } from '../../strangler/guide/plan.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'

export const NOW = Date.parse('2026-06-01T12:00:00Z')
const DAY = 86_400_000
const ENDPOINTS = ['GET /api/inventory/:sku', 'GET /api/inventory']

/** A capability of which everything that can be measured is as it should be. */
export function healthy(position?: Position, changes: Partial<GuideSnapshot> = {}): GuideSnapshot {
  return {
    capability: 'inventory',
    hasTables: true,
    now: NOW,
    profile: GATE_PROFILES.default,
    owner: 'monolith',
    overrides: [],
    endpoints: ENDPOINTS.map((endpoint) => ({ endpoint, requests: 10_000, rare: false })),
    traffic: { requests: 20_000, watchedMs: DAY, proxyP99Ms: 0.4 },
    contract: {
      ...{ recordedAt: NOW - DAY, endpoints: 2 },
      verified: { at: NOW - DAY, pass: true, failures: 0, build: 'stock-4' },
    },
    data: {
      ...{ sync: 'running', direction: 'forward', findings: { blocking: 0, first: undefined } },
      ...{ mappingProven: true, backfillDone: true, quarantined: 0, lagP99Ms: 200, lagWatchedMs: DAY },
      verify: { at: NOW - 1_000, compared: 3_000, diverged: 0, inFlight: 0 },
      ...{ logAgeMs: 300, strayWrites: 0, notReturnable: 0 },
    },
    comparison: {
      ...{
        eligible: 10_000,
        gaveWay: 0,
        compared: 9_990,
        netMismatches: 0,
        netUpperBound: 0.0004,
        stillNeeded: undefined,
      },
      ...{ openDifferences: 0, expiredAcceptances: 0, monolithP95Ms: 12, serviceP95Ms: 9 },
      perEndpoint: ENDPOINTS.map((endpoint) => ({ endpoint, compared: 4_995 })),
    },
    canary: {
      sinceMs: 2 * DAY,
      monolith: { requests: 10_000, failures: 5 },
      service: { requests: 10_000, failures: 5 },
      ...{ failuresInRow: 0, failuresOfLast300: 0 },
    },
    soak: { soakedMs: 8 * DAY, missing: [] },
    cutover: {
      dryRun: { at: NOW - 60_000, predictedPauseMs: 400 },
      wayBack: { at: NOW - 60_000, tables: [{ table: 'stock', outcome: 'came-back', column: 'on_hand' }] },
      ...{ identitiesFit: true, writersOutside: [], couplings: [] },
    },
    retirement: {
      monolith: { requests: 0, callers: [] },
      silentFrom: NOW - 8 * DAY,
      reads: { at: NOW - 1_000, quietMs: 7 * DAY },
    },
    ...(position === undefined ? {} : { migration: at(position) }),
    ...changes,
  }
}

export function at({ step, percent }: Position, enteredMsAgo = 8 * DAY): Migration {
  const share = percent === undefined ? {} : { percent }
  const enteredAt = new Date(NOW - enteredMsAgo).toISOString()
  return { step, ...share, stage: stepOf(step).stage, version: 7, enteredAt, profile: 'default' }
}
