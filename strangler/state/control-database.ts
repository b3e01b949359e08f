import { DataSource, type QueryRunner } from 'typeorm'
import type { ComparisonStore } from '../core/comparison-store.ts'
import type { ContractStore } from '../core/contract-store.ts'
import type { MarkStore } from '../core/data-position.ts'
import type { EvidenceStore } from '../core/evidence-store.ts'
import type { Journal, Registrations, ReportError, Stoppable } from '../core/ports.ts'
import type { TrafficStore } from '../core/traffic-words.ts'
import { createComparisonStore } from './comparison-store.ts'
import { createContractStore } from './contract-store.ts'
import { createRunControl, showDatabase, unreachable } from './control-errors.ts'
import { CONTROL_SCHEMA, journalTable, registrationTable } from './control-tables.ts'
import { type CutoverLeases, createCutoverLeases } from './cutover-leases.ts'
import { createDatabaseMarks } from './database-marks.ts'
import { createEvidenceStore } from './evidence-store.ts'
import { createJournalStore } from './journal-store.ts'
import { CreateControlTables1766000000001 } from './migrations/1-create-control-tables.ts'
import { AddWorkers1766000000002 } from './migrations/2-add-workers.ts'
import { CreateWriteMarks1766000000003 } from './migrations/3-create-write-marks.ts'
import { CreateComparisonTables1766000000004 } from './migrations/4-create-comparison-tables.ts'
import { CreateCutoverLeases1766000000005 } from './migrations/5-create-cutover-leases.ts'
import { CreateTrafficTables1766000000006 } from './migrations/6-create-traffic-tables.ts'
import { CreateContractTables1766000000007 } from './migrations/7-create-contract-tables.ts'
import { CreateGuideEvidence1766000000008 } from './migrations/8-create-guide-evidence.ts'
import { CreateInstallation1766000000009 } from './migrations/9-create-installation.ts'
import { CreateSoakClocks1766000000010 } from './migrations/10-create-soak-clocks.ts'
import { createRegistrationStore } from './registration-store.ts'
import { createTrafficStore } from './traffic-store.ts'

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 10_000
const MIGRATION_LOCK_TIMEOUT_MS = 30_000
const POOL_SIZE = 4
// Any number will do, as long as every version of the kit uses this one.
const MIGRATION_LOCK_KEY = 7_284_601_935

/** The control database: the journal, the registrations, what the comparisons have found and the proxies have seen, the contracts. */
export interface ControlDatabase extends Stoppable {
  readonly journal: Journal
  readonly registrations: Registrations
  /** @param longestKeepMs for how long any mark is kept */
  createMarks(longestKeepMs: number): MarkStore
  readonly comparisons: ComparisonStore
  readonly contracts: ContractStore
  readonly cutoverLeases: CutoverLeases
  readonly traffic: TrafficStore
  readonly evidence: EvidenceStore
  /** The id of this installation, by which its queues and jobs are known; a restored backup has the same. */
  readInstallation(): Promise<string>
  /** Resolves when the database answers. @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE */
  ping(): Promise<void>
}

/**
 * Connects, and brings the kit's schema up to date; any number of processes may do so at once.
 * Once open it survives the loss of the database: calls fail with the catalogue's error until it is back, watchers reconnect.
 * @param url postgres://user:password@host:port/database
 * @param report where failures go that no caller waits for (a watcher's lost connection)
 * @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE
 */
export async function openControlDatabase(
  url: string,
  { report = () => undefined }: { report?: ReportError } = {},
): Promise<ControlDatabase> {
  const address = showDatabase(url)
  const dataSource = createDataSource(url, report)
  try {
    await dataSource.initialize()
    await migrate(dataSource)
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy()
    throw unreachable(address, 'opening it', error)
  }
  const runControl = createRunControl(address)
  const journal = createJournalStore({ url, dataSource, runControl, report })
  const watchers = new Set<Promise<Stoppable>>()
  let stopped: Promise<void> | undefined

  async function stop(): Promise<void> {
    await Promise.all([...watchers].map(async (watcher) => (await watcher).stop()))
    await dataSource.destroy()
  }

  // Kept from its first moment, so that a stop in the middle of its start ends it too.
  async function watch(options: Parameters<Journal['watch']>[0]): Promise<Stoppable> {
    const starting = journal.watch(options)
    watchers.add(starting)
    const watcher = await starting
    return {
      async stop() {
        watchers.delete(starting)
        await watcher.stop()
      },
    }
  }

  return {
    journal: { ...journal, watch },
    registrations: createRegistrationStore(dataSource, runControl),
    createMarks: (longestKeepMs) => createDatabaseMarks(dataSource, longestKeepMs),
    comparisons: createComparisonStore(dataSource, runControl),
    contracts: createContractStore(dataSource, runControl),
    cutoverLeases: createCutoverLeases(dataSource, runControl),
    traffic: createTrafficStore(dataSource, runControl),
    evidence: createEvidenceStore(dataSource, runControl),
    async readInstallation() {
      const rows: { id: string }[] = await runControl('reading the id of the installation', () =>
        dataSource.query(`SELECT id FROM ${CONTROL_SCHEMA}.installation`),
      )
      return rows[0]!.id
    },
    async ping() {
      await runControl('asking whether it answers', () => dataSource.query('SELECT 1'))
    },
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

function createDataSource(url: string, report: ReportError): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    schema: CONTROL_SCHEMA,
    applicationName: 'strangler',
    entities: [journalTable, registrationTable],
    migrations: [
      CreateControlTables1766000000001,
      AddWorkers1766000000002,
      CreateWriteMarks1766000000003,
      CreateComparisonTables1766000000004,
      CreateCutoverLeases1766000000005,
      CreateTrafficTables1766000000006,
      CreateContractTables1766000000007,
      CreateGuideEvidence1766000000008,
      CreateInstallation1766000000009,
      CreateSoakClocks1766000000010,
    ],
    migrationsTransactionMode: 'each',
    installExtensions: false,
    logging: false,
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: (error: unknown) => report('control-database.pool', error),
    extra: {
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    },
  })
}

/** One process migrates, the others wait for it and find the work done. The lock dies with its connection. */
async function migrate(dataSource: DataSource): Promise<void> {
  const holder = dataSource.createQueryRunner()
  try {
    await takeMigrationLock(holder)
    await holder.query(`CREATE SCHEMA IF NOT EXISTS ${CONTROL_SCHEMA}`)
    await dataSource.runMigrations()
    await holder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK_KEY])
  } finally {
    await holder.release()
  }
}

// Asked for in turns: a statement that waits inside PostgreSQL would run into the pool's own statement timeout.
async function takeMigrationLock(holder: QueryRunner): Promise<void> {
  const giveUpAt = performance.now() + MIGRATION_LOCK_TIMEOUT_MS
  while (performance.now() < giveUpAt) {
    const rows: { taken: boolean }[] = await holder.query('SELECT pg_try_advisory_lock($1) AS taken', [
      MIGRATION_LOCK_KEY,
    ])
    if (rows[0]?.taken === true) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(
    `another process has been bringing the schema up to date for ${MIGRATION_LOCK_TIMEOUT_MS / 1_000} s`,
  )
}
