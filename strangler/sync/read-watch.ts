import type { EvidenceStore } from '../core/evidence-store.ts'
import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import { describe } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import { type NamedDatabase, openSide, schemaOf } from './database-pair.ts'
import { judgeReads, type KeptReads, type ReadsLook } from './judge-reads.ts'
import { createLoop } from './loop.ts'
import type { TablesPlace } from './survey.ts'

/** Under what the tables are looked at. */
export interface ReadStanding {
  /** Of the sync that carries back. */
  readonly epoch: number
  /** From when on the kit itself asks the monolith nothing: epoch ms. */
  readonly silentFrom: number
  /** For how long nobody else may read them. */
  readonly soakMs: number
}

export interface ReadWatchOptions {
  readonly capability: string
  readonly monolith: NamedDatabase
  readonly tables: readonly { readonly table: string; readonly schema?: string | undefined }[]
  /** Undefined while the monolith owns them, or is still asked. */
  readonly standing: () => ReadStanding | undefined
  /** What one process has seen the next one goes on from. */
  readonly store: Pick<EvidenceStore, 'read' | 'keep'>
  readonly clock: Clock
  /** How late the counters may be; as the watch over the capture has it. Default 12,000. */
  readonly statisticsLateMs?: number
  readonly report: ReportError
}

/** Counts who else reads the tables of the monolith that a service owns. */
export interface ReadWatch extends Stoppable {
  start(): void
  /** @throws the databases' errors */
  look(): Promise<void>
}

const STATISTICS_LATE_MS = 12_000
/** Asked of the journal, which is in memory. */
const STANDING_EVERY_MS = 500
const LONGEST_PAUSE_MS = 60_000
const LOOKS_A_SOAK = 20

export function createReadWatch(options: ReadWatchOptions): ReadWatch {
  const { capability, monolith, tables, standing, store, clock, report } = options
  const lateMs = options.statisticsLateMs ?? STATISTICS_LATE_MS
  const places = [...Map.groupBy(tables, ({ schema }) => schemaOf(monolith.url, schema))].map(
    ([schema, own]): TablesPlace => ({ schema, tables: own.map(({ table }) => table) }),
  )
  let opened: Promise<SyncDatabase> | undefined
  let hasBegun = false
  let lookAt = 0

  async function open(): Promise<SyncDatabase> {
    opened ??= openSide(monolith, report)
    return opened.catch((error: unknown) => {
      opened = undefined
      throw error
    })
  }

  async function look(): Promise<void> {
    const now = standing()
    if (now === undefined || clock() < now.silentFrom + lateMs) return
    const kept = (await store.read(capability)).reads?.content
    const next = await judge(now, kept)
    await store.keep(capability, 'reads', next)
  }

  async function judge({ epoch }: ReadStanding, kept: KeptReads | undefined): Promise<KeptReads> {
    const database = await open()
    const blind = await findBlindness(database, places)
    if (blind !== undefined) return { ...blank(epoch, clock()), blind }
    if (!hasBegun) await begin(database)
    const counted = await countReads(database, places)
    const judged = judgeReads(kept, { epoch, at: clock(), ...counted, lateMs })
    if (judged.found === undefined || judged.found.count === kept?.found?.count) return judged
    const by = await readReaders(database, judged.found.tables)
    return {
      ...judged,
      found: { ...judged.found, by: [...new Set([...judged.found.by, ...by])].slice(0, 5) },
    }
  }

  async function begin(database: SyncDatabase): Promise<void> {
    const { reads } = database.dialect
    for (const sql of reads.up()) await database.query({ sql, params: [] })
    // What a process that was killed has read nobody knows.
    if (reads.loseCount !== undefined) await database.query(reads.loseCount())
    hasBegun = true
  }

  const loop = createLoop({
    async work() {
      if (standing() === undefined || Date.now() < lookAt) return false
      await look()
      const everyMs = Math.min(LONGEST_PAUSE_MS, (standing()?.soakMs ?? 0) / LOOKS_A_SOAK)
      lookAt = Date.now() + everyMs
      return false
    },
    shortestPauseMs: STANDING_EVERY_MS,
    longestPauseMs: STANDING_EVERY_MS,
    onError(error) {
      lookAt = Date.now() + LONGEST_PAUSE_MS / 6
      report('sync.reads', error)
    },
  })
  return {
    start: loop.start,
    look,
    async stop() {
      await loop.stop()
      await (await opened?.catch(() => undefined))?.stop()
    },
  }
}

const blank = (epoch: number, at: number): KeptReads => ({
  ...{ epoch, at, counters: {}, newest: {}, lost: 0 },
  ...{ settledAt: at, suspected: {}, quietMs: 0 },
})

/** Also where the kit's user may not look, or may not say which sessions are its own. */
async function findBlindness(
  database: SyncDatabase,
  places: readonly TablesPlace[],
): Promise<KeptReads['blind']> {
  const { reads, name } = database.dialect
  try {
    for (const place of places) {
      const [found] = await database.query(reads.findBlindness(place))
      if (found !== undefined) return { because: found['because'] ?? '', mend: found['mend'] ?? '' }
    }
    if (name === 'mariadb')
      for (const statement of [reads.beginOwn(), reads.endOwn(null)]) await database.query(statement)
    return undefined
  } catch (error) {
    if ((error as { errno?: number }).errno !== 1142 && (error as { errno?: number }).errno !== 1044)
      throw error
    return {
      because: describe(error),
      mend: 'GRANT SELECT, UPDATE ON performance_schema.* to the user of the kit',
    }
  }
}

async function countReads(
  database: SyncDatabase,
  places: readonly TablesPlace[],
): Promise<Pick<ReadsLook, 'counters' | 'lost' | 'since'>> {
  const { reads } = database.dialect
  const since = await readSince(database)
  const counters: Record<string, readonly [number, number]> = {}
  let lost = 0
  for (const place of places) {
    for (const name of place.tables) counters[name] = [0, 0]
    for (const row of await database.query(reads.countReads(place))) {
      const table = row['tbl'] ?? null
      if (table === null) lost = Number(row['own'])
      else counters[table] = [Number(row['reads']), Number(row['own'])]
    }
  }
  // A server that was started between the two counts since then, and these counters are of then.
  return { counters, lost, since: (await readSince(database)) === since ? since : `${since} and after` }
}

async function readSince(database: SyncDatabase): Promise<string> {
  const [row] = await database.query(database.dialect.reads.readSince())
  return row?.['since'] ?? ''
}

async function readReaders(database: SyncDatabase, tables: readonly string[]): Promise<string[]> {
  const statement = database.dialect.reads.readReaders?.(tables)
  if (statement === undefined) return []
  const rows = await database.query(statement)
  return rows.map(({ role, application }) => (application ? `${application} (${role})` : (role ?? '')))
}
