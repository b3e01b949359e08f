import type { Divergence } from './verify-keys.ts'

/** `sums` compares whole ranges; `rows` goes through the source's rows, then `extra` through the target's keys. */
export type Pass = 'sums' | 'rows' | 'extra'

/** Everything up to the key, in the order of passes and tables, is settled. */
export interface Position {
  readonly pass: Pass
  readonly table: string
  /** The canonical key; undefined at a table's beginning. */
  readonly through: string | undefined
}

export interface Counts {
  readonly compared: number
  readonly missing: number
  readonly extra: number
  readonly different: number
  /** Keys that stayed on their way for longer than anybody wanted to wait. */
  readonly unsettled: number
}

export const NOTHING: Counts = { compared: 0, missing: 0, extra: 0, different: 0, unsettled: 0 }

/** A row for people. `kind` is `inFlight` when it never came to rest. */
export interface Sample {
  readonly table: string
  readonly key: string
  readonly kind: Divergence['kind'] | 'inFlight'
  readonly columns: Divergence['columns']
  readonly refusal?: string
}

export const MOST_SAMPLES = 10

/** What a checkpoint holds. */
export interface Settled {
  readonly position: Position | undefined
  readonly counts: Counts
  readonly samples: readonly Sample[]
}

/** A key that is looked at again. */
export interface OpenKey {
  readonly page: Page
  readonly key: string
  readonly since: number
}

export interface Page {
  readonly position: Position
  counts: Counts
  samples: Sample[]
  readonly open: Map<string, OpenKey>
}

/**
 * Pages in the order of reading. A page is settled when none of its keys is open and all pages before it are settled: so a checkpoint
 * needs no list of keys, and an aborted run counts nothing twice.
 */
export interface Ledger {
  addPage(position: Position, open: readonly string[], now: number): Page
  settle(open: OpenKey): void
  count(page: Page, counts: Partial<Counts>, samples: readonly Sample[]): void
  openKeys(): OpenKey[]
  readonly openCount: number
  /** Everything so far, also what is not settled. */
  totals(): Counts
  settled(): Settled
  samples(): Sample[]
}

export function createLedger(begin: Settled): Ledger {
  let settled = begin
  let totals = begin.counts
  let sampleCount = begin.samples.length
  let openCount = 0
  const pages: Page[] = []

  function closePages(): void {
    while (pages[0]?.open.size === 0) {
      const page = pages.shift()!
      settled = {
        position: page.position,
        counts: add(settled.counts, page.counts),
        samples: [...settled.samples, ...page.samples],
      }
    }
  }

  return {
    addPage(position, open, now) {
      const page: Page = { position, counts: NOTHING, samples: [], open: new Map() }
      for (const key of open) page.open.set(key, { page, key, since: now })
      openCount += page.open.size
      pages.push(page)
      return page
    },
    settle({ page, key }) {
      if (page.open.delete(key)) openCount -= 1
    },
    count(page, counts, samples) {
      page.counts = add(page.counts, counts)
      totals = add(totals, counts)
      const kept = samples.slice(0, Math.max(0, MOST_SAMPLES - sampleCount))
      page.samples.push(...kept)
      sampleCount += kept.length
    },
    openKeys: () => pages.flatMap((page) => [...page.open.values()]),
    get openCount() {
      return openCount
    },
    totals: () => totals,
    settled() {
      closePages()
      return settled
    },
    samples: () => [...settled.samples, ...pages.flatMap((page) => page.samples)],
  }
}

function add(one: Counts, more: Partial<Counts>): Counts {
  return {
    compared: one.compared + (more.compared ?? 0),
    missing: one.missing + (more.missing ?? 0),
    extra: one.extra + (more.extra ?? 0),
    different: one.different + (more.different ?? 0),
    unsettled: one.unsettled + (more.unsettled ?? 0),
  }
}
