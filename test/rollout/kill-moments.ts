import type { SideDatabaseKind } from './side-database.ts'

/** `npm run soak:kills`: every moment on both databases, through four proxies, under 200 writes a second. */
export const isKillSoak = process.env['STRANGLER_SOAK_KILLS'] !== undefined
export const KILL_LOAD = isKillSoak
  ? { proxies: 4, perSecond: Number(process.env['STRANGLER_SOAK_RATE'] ?? 200) }
  : { proxies: 2, perSecond: 10 }

/** Everything that a cut-over does, in its order: what is struck there stands between two steps, or between a step and its line. */
const EVERY = [
  ...['after cutover.started', 'before enter', 'after enter', 'before closeTarget', 'after closeTarget'],
  ...['after readLeft', 'before hold.fenced', 'after hold.fenced', 'before closeSource', 'after closeSource'],
  ...['before findDifferent', 'after findDifferent', 'before alignIdentities', 'after alignIdentities'],
  ...['before owner.changed', 'after owner.changed', 'before openTarget', 'after openTarget'],
  'before hold.released',
]

export interface KillMoments {
  readonly kind: SideDatabaseKind
  /** Of a process that takes no decisions. Between some of these the journal says the same. */
  readonly process: readonly string[]
  readonly connections: readonly string[]
  readonly coordinator: readonly string[]
  readonly frozen: readonly string[]
}

const PROCESS = ['after cutover.started', 'before hold.fenced', 'after closeSource', 'before owner.changed']
const DECIDED = ['after owner.changed', 'before hold.released']

/** What fits into a suite that everybody runs: on PostgreSQL most of it, on MariaDB where its own statements and locks play a part. */
const CHOSEN: readonly KillMoments[] = [
  {
    kind: 'postgres',
    process: [...PROCESS, ...DECIDED],
    connections: [...PROCESS, ...DECIDED],
    coordinator: [
      ...['after cutover.started', 'after enter', 'after closeTarget', 'before hold.fenced'],
      ...['after hold.fenced', 'before closeSource', 'after closeSource', 'after alignIdentities'],
      ...['before owner.changed', 'after owner.changed', 'before openTarget', 'after openTarget'],
      'before hold.released',
    ],
    frozen: [
      ...['after enter', 'before closeTarget', 'before closeSource', 'before alignIdentities'],
      ...['before owner.changed', 'before openTarget', 'before hold.released'],
    ],
  },
  {
    kind: 'mariadb',
    process: ['after cutover.started', 'after closeSource', 'before owner.changed', ...DECIDED],
    connections: ['after closeSource', 'after owner.changed'],
    coordinator: ['after hold.fenced', 'after closeSource', 'before owner.changed', 'before openTarget'],
    frozen: ['before closeTarget', 'before openTarget'],
  },
]

const all = (kind: SideDatabaseKind): KillMoments => ({
  ...{ kind, process: EVERY, connections: EVERY, coordinator: EVERY, frozen: EVERY },
})
export const KILLS = isKillSoak ? [all('postgres'), all('mariadb')] : CHOSEN

/** For the two halves of a sync that applies in the service: what differs is who of them is gone, not which database it is. */
export const HALVES = isKillSoak
  ? KILLS.map(({ kind }) => ({ kind, applier: EVERY, relay: EVERY }))
  : [
      {
        kind: 'postgres' as const,
        applier: ['after cutover.started', 'after closeSource', 'after owner.changed'],
        relay: ['after cutover.started', 'after closeSource', 'after owner.changed'],
      },
    ]

export const isDecided = (at: string) => /openTarget|after owner\.changed|hold\.released/.test(at)
