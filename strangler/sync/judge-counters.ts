/** What the server's statistics count, since some beginning of their own. */
export interface Counters {
  readonly changed: Readonly<Record<string, number>>
  /** Entries, wherever triggers have written them. */
  readonly logged: number
  /** Of these, what triggers have written past the intake; less what has left the intake for elsewhere than the log, as with an uninstall. */
  readonly direct: number
}

/** A session tells the statistics of a table and of the log at one time, but not always of both. */
const SLACK_ROWS = 20
const SLACK_SHARE = 0.02

interface Missed {
  readonly missed: number
  readonly tables: readonly string[]
  /** Entries of the intake were deleted in between, which looks the same: no verdict can be had of these two looks. */
  readonly isDoubtful: boolean
}

/**
 * Rows that were changed between two looks and of which the log got no entry: every change of a captured table makes one at least, and
 * what is rolled back counts on both sides. Undefined when all is well; `reset` when the statistics began anew.
 */
export function judgeCounters(before: Counters, now: Counters): Missed | 'reset' | undefined {
  const grown = Object.entries(now.changed).map(([table, count]) => ({
    table,
    rows: count - (before.changed[table] ?? 0),
  }))
  const logged = now.logged - before.logged
  if (logged < 0 || grown.some(({ rows }) => rows < 0)) return 'reset'
  const changed = grown.reduce((sum, { rows }) => sum + rows, 0)
  const missed = changed - logged
  if (missed <= SLACK_ROWS + changed * SLACK_SHARE) return undefined
  const tables = grown.filter(({ rows }) => rows > 0).map(({ table }) => table)
  return { missed, tables, isDoubtful: now.direct < before.direct }
}
