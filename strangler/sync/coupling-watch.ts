import { countOf } from '../core/count-of.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { SyncDatabase } from './database.ts'
import { type NamedDatabase, openSide, schemaOf } from './database-pair.ts'
import { createLoop } from './loop.ts'

/** One transaction has changed a table of the capability and one that is not its own. */
export interface Coupling {
  readonly table: string
  readonly other: string
  /** By what it has told the database of itself. */
  readonly application: string
  /** How often one was seen. */
  readonly seen: number
  /** Epoch milliseconds. */
  readonly lastAt: number
}

export interface CouplingWatchOptions {
  readonly monolith: NamedDatabase
  readonly tables: readonly { readonly table: string; readonly schema?: string | undefined }[]
  /** For so long it counts after it was seen last. */
  readonly rememberMs: number
  /** The pause between two looks; a quarter of a second unless said. */
  readonly everyMs?: number
  readonly report: ReportError
}

/** Sees who changes tables on both sides of a border, by the locks that open transactions hold. */
export interface CouplingWatch extends Stoppable {
  start(): void
  found(): Coupling[]
}

/** A transaction of 10 ms is seen by one look in twenty-five: what happens often is seen within seconds. */
const EVERY_MS = 250
const MOST_COUPLINGS = 200
/** A database that is away is tried less often, and told of once. */
const AFTER_FAILURE_MS = 5_000

export function createCouplingWatch(options: CouplingWatchOptions): CouplingWatch {
  const { monolith, tables, rememberMs, everyMs = EVERY_MS, report } = options
  const seen = new Map<string, Coupling>()
  let opened: Promise<SyncDatabase> | undefined
  let tells: boolean | undefined
  let failure: { readonly said: string; readonly at: number } | undefined

  async function look(): Promise<void> {
    opened ??= openSide(monolith, report)
    const database = await opened.catch((error: unknown) => {
      opened = undefined
      throw error
    })
    tells ??= (await database.query(database.dialect.tellsCoupled())).length > 0
    if (!tells) return
    const places = Map.groupBy(tables, ({ schema }) => schemaOf(monolith.url, schema))
    for (const [schema, own] of places) {
      const names = own.map(({ table }) => table)
      for (const row of await database.query(database.dialect.readCoupled({ schema, tables: names })))
        note(row['tbl'] ?? '', row['other'] ?? '', row['application'] ?? '')
    }
  }
  function note(table: string, other: string, application: string): void {
    const key = JSON.stringify([table, other, application])
    const present = seen.get(key)
    if (present === undefined && seen.size >= MOST_COUPLINGS) return
    seen.set(key, { table, other, application, seen: (present?.seen ?? 0) + 1, lastAt: Date.now() })
  }

  const loop = createLoop({
    async work() {
      if (failure !== undefined && Date.now() - failure.at < AFTER_FAILURE_MS) return false
      await look()
      failure = undefined
      return false
    },
    shortestPauseMs: everyMs,
    longestPauseMs: everyMs,
    onError(error) {
      const said = error instanceof Error ? error.message : String(error)
      if (said !== failure?.said) report('sync.couplings', error)
      failure = { said, at: Date.now() }
    },
  })
  return {
    start: () => loop.start(),
    found() {
      const since = Date.now() - rememberMs
      for (const [key, { lastAt }] of seen) if (lastAt < since) seen.delete(key)
      return [...seen.values()].sort((one, other) => other.seen - one.seen)
    },
    async stop() {
      await loop.stop()
      await (await opened?.catch(() => undefined))?.stop()
    },
  }
}

export function showCoupling({ table, other, application, seen, lastAt }: Coupling): string {
  const who = application === '' ? 'a program without a name' : `"${application}"`
  return `transactions of ${who} change ${table} together with ${other} (seen ${countOf(seen, 'time')}, the last at ${new Date(lastAt).toISOString()})`
}
