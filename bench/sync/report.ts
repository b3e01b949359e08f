import type { MachineFacts } from '../machine-facts.ts'
import type { Copying } from './measure-copying.ts'
import type { Recovery } from './measure-recovery.ts'
import type { Steady } from './measure-steady.ts'
import type { Writes } from './measure-writes.ts'
import type { SyncBenchOptions } from './options.ts'

/** All that one run has found. */
export interface SyncReport extends Steady, Copying, Writes, Recovery {
  /** What capture costs writes on MariaDB; absent where no server is on this machine. */
  readonly mariadb: Writes | undefined
  readonly machine: MachineFacts
  readonly options: SyncBenchOptions
}

type Figure = {
  [Name in keyof SyncReport]: SyncReport[Name] extends number ? Name : never
}[keyof SyncReport]

/** What the sync is meant to reach. */
const MOST_OVERHEAD = 0.1
const TARGETS: readonly (readonly [Figure, 'at least' | 'at most', number])[] = [
  ['changesPerSecond', 'at least', 5_000],
  ['lagP50Ms', 'at most', 300],
  ['lagP99Ms', 'at most', 2_000],
  ['backfillRowsPerSecond', 'at least', 20_000],
  ['backfillVsCopy', 'at least', 0.4],
  ['verifyRowsPerSecond', 'at least', 100_000],
  ['writeP50Overhead', 'at most', MOST_OVERHEAD],
  ['recoverAfterFlushMs', 'at most', 2_000],
  ['recoverAfterKillMs', 'at most', 5_000],
  ['rssGrowthMiB', 'at most', 100],
]

/** For people: one line a target. A steady load that offers less than 99 % of the target cannot show it. */
export function formatSyncReport(report: SyncReport): string {
  const { machine, options } = report
  const rows = TARGETS.map(([name, bound, target]) => {
    const found = report[name]
    const slack = name === 'changesPerSecond' ? 0.99 : 1
    const reached = bound === 'at least' ? found >= target * slack : found <= target
    return [
      reached ? 'reached' : 'MISSED ',
      name.padEnd(22),
      String(found).padEnd(10),
      `${bound} ${target}`,
    ].join('  ')
  })
  return `${machine.cores} cores (${machine.processor}), Node ${machine.node}, load ${machine.loadBefore} before; ${options.rows} rows
copy ${report.copyRowsPerSecond} rows/s, drain ${report.drainPerSecond} changes/s, sync's processor share ${report.cpuShare ?? '-'}, memory ${report.rssMiB} MiB
a write is an UPDATE of one row, committed to the disk: ${report.plainP50Ms} ms without capture, ${report.capturedP50Ms} ms with it; INSERT + ${report.insertP50Overhead}, DELETE + ${report.deleteP50Overhead}
${describeMariadb(report)}

${rows.join('\n')}
`
}

function describeMariadb({ mariadb }: SyncReport): string {
  if (mariadb === undefined) return 'MariaDB: not measured, no server is on this machine'
  const { plainP50Ms, capturedP50Ms, writeP50Overhead, insertP50Overhead, deleteP50Overhead } = mariadb
  const judged = writeP50Overhead <= MOST_OVERHEAD ? 'reached' : 'MISSED'
  return `the same on MariaDB: ${plainP50Ms} and ${capturedP50Ms} ms, UPDATE + ${writeP50Overhead} (at most ${MOST_OVERHEAD}: ${judged}), INSERT + ${insertP50Overhead}, DELETE + ${deleteP50Overhead}`
}
