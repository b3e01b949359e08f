import { performance } from 'node:perf_hooks'
import { readMachineFacts } from '../machine-facts.ts'
import { measureCopying } from './measure-copying.ts'
import { measureMariadbWrites } from './measure-mariadb-writes.ts'
import { measurePostgresWrites } from './measure-postgres-writes.ts'
import { measureRecovery } from './measure-recovery.ts'
import { measureSteady } from './measure-steady.ts'
import type { SyncBenchOptions } from './options.ts'
import { formatSyncReport, type SyncReport } from './report.ts'
import { releaseAll, type SyncStand, startStand } from './stand.ts'

/** Measures the data sync between two real servers and prints the figures; everything it started has ended when it returns. */
export async function benchSync(options: SyncBenchOptions, signal: AbortSignal): Promise<void> {
  const machine = readMachineFacts()
  const stand = await startStand(options.rows)
  try {
    const report = { ...(await measure(stand, options, signal)), machine, options }
    process.stdout.write(
      options.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatSyncReport(report),
    )
  } finally {
    await releaseAll(stand.releases)
  }
}

async function measure(
  stand: SyncStand,
  options: SyncBenchOptions,
  signal: AbortSignal,
): Promise<Omit<SyncReport, 'machine' | 'options'>> {
  const began = performance.now()
  const tell = (line: string) =>
    process.stderr.write(`${Math.round((performance.now() - began) / 1_000)} s: ${line}\n`)
  await stand.sync.call('install')
  const epoch = 1
  const writes = await measurePostgresWrites(stand, { ...options, signal })
  tell(`writes ${JSON.stringify(writes)}`)
  const mariadb = await measureMariadbWrites(stand, { ...options, signal })
  tell(`writes on MariaDB ${JSON.stringify(mariadb ?? 'not measured: no server on this machine')}`)
  const copying = await measureCopying(stand, { rows: options.rows, epoch, signal })
  tell(`copying ${JSON.stringify(copying)}`)
  const steady = await measureSteady(stand, { ...options, epoch, signal })
  tell(`steady ${JSON.stringify(steady)}`)
  const recovery = await measureRecovery(stand, { ...options, epoch, signal })
  tell(`recovery ${JSON.stringify(recovery)}`)
  return { ...steady, ...copying, ...writes, ...recovery, mariadb }
}
