import type { RefusedRow, SentJob } from './backfill-jobs.ts'

/** What a checkpoint holds. */
interface Checkpoint {
  readonly rows: number
  /** Tables that the target has whole, but for the refused rows. */
  readonly finished: readonly string[]
  readonly table: string | undefined
  /** The last key of `table` up to which the target has everything. */
  readonly through: string | undefined
  readonly refused: readonly RefusedRow[]
  /** By table: the version of the TRUNCATE that waited when it began. */
  readonly truncated: Readonly<Record<string, string>>
}

/** How far a backfill has read, which is ahead, and how far the target has it, which is what a checkpoint holds. */
export interface BackfillState {
  /** The table to read next; undefined when all are read. */
  readonly reading: string | undefined
  readonly rows: number
  readonly refusedCount: number
  readonly firstRefusal: string | undefined
  /**
   * What a row counts as at least. A TRUNCATE that waited when the backfill began is carried in this epoch, in which it takes away what counts as older and refuses
   * what does, sooner or later; and each row that is read now is younger: it was read in a snapshot after that TRUNCATE, which leaves nothing from before it. The row's
   * own entry, which would say so, may have been acknowledged in an epoch before. One more than the TRUNCATE is less than the row's next change, since the TRUNCATE's
   * entry alone moves PostgreSQL's log on by more.
   */
  leastVersion(table: string): string
  /** The key to read on from. */
  readAfter(): string[] | undefined
  /** Whether nothing of the table to read next was read. */
  isAtStart(): boolean
  moveReading(last: string | undefined, isEnd: boolean): void
  advance(done: readonly SentJob[], refused: readonly RefusedRow[]): void
  /** Nothing is on its way: the target has all that was read. True when that finishes a table. */
  finishRead(): boolean
  /** Refused keys by table; they count as refused until they are done. */
  takeRefused(limit: number): Map<string, string[]>
  isDone(): boolean
  toText(): string
}

/** What a backfill begins with: to be kept before anything of its epoch is sent. */
export function writeBeginning(truncated: Checkpoint['truncated']): string {
  const beginning: Partial<Checkpoint> = { truncated }
  return JSON.stringify(beginning)
}

/** Goes on where a checkpoint stands, or begins with the first table. */
export function openState(text: string | undefined, tables: readonly string[]): BackfillState {
  const begun: Partial<Checkpoint> = text === undefined ? {} : JSON.parse(text)
  const finished = new Set(begun.finished ?? [])
  const refused = new Map((begun.refused ?? []).map((row) => [idOf(row.table, row.key), row]))
  const read = new Set(finished)
  const nextToRead = () => tables.find((table) => !read.has(table))
  const truncated = begun.truncated ?? {}
  let rows = begun.rows ?? 0
  let saved = { table: begun.table, through: begun.through }
  let reading = nextToRead()
  let readThrough = reading === saved.table ? saved.through : undefined

  function settleJob(job: SentJob): void {
    for (const key of job.keys) refused.delete(idOf(job.table, key))
    rows += job.keys.length
    if (job.through === undefined) return
    saved = { table: job.table, through: job.through }
    // Jobs settle in order: whatever was read before this table is there.
    for (const table of tables.slice(0, tables.indexOf(job.table))) if (read.has(table)) finished.add(table)
  }

  return {
    get reading() {
      return reading
    },
    get rows() {
      return rows
    },
    get refusedCount() {
      return refused.size
    },
    get firstRefusal() {
      const [first] = refused.values()
      return first === undefined ? undefined : `${first.table} ${first.key}: ${first.error}`
    },
    leastVersion(table) {
      const version = truncated[table]
      return version === undefined ? '0' : String(BigInt(version) + 1n)
    },
    readAfter: () => (readThrough === undefined ? undefined : (JSON.parse(readThrough) as string[])),
    isAtStart: () => reading !== undefined && readThrough === undefined,
    moveReading(last, isEnd) {
      if (last !== undefined) readThrough = last
      if (!isEnd || reading === undefined) return
      read.add(reading)
      reading = nextToRead()
      readThrough = undefined
    },
    advance(done, refusedNow) {
      for (const job of done) settleJob(job)
      rows -= refusedNow.length
      for (const row of refusedNow) refused.set(idOf(row.table, row.key), row)
    },
    finishRead() {
      const before = finished.size
      for (const table of read) finished.add(table)
      return finished.size > before
    },
    takeRefused(limit) {
      const taken = new Map<string, string[]>()
      for (const { table, key } of [...refused.values()].slice(0, limit)) {
        taken.set(table, [...(taken.get(table) ?? []), key])
      }
      return taken
    },
    isDone: () => tables.every((table) => finished.has(table)) && refused.size === 0,
    toText: () =>
      JSON.stringify({
        ...{ rows, finished: [...finished], ...saved, refused: [...refused.values()] },
        truncated,
      } satisfies Checkpoint),
  }
}

function idOf(table: string, key: string): string {
  return `${table} ${key}`
}
