import { setTimeout as delay } from 'node:timers/promises'
import { Client, type Notification } from 'pg'
import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { JournalEntry } from '../core/words.ts'
import { CONTROL_SCHEMA, type JournalRow, toJournalEntry } from './control-tables.ts'
import { createJournalCursor, type JournalCursor, JournalReplaced } from './journal-cursor.ts'

export const JOURNAL_CHANNEL = 'strangler_journal'

const POLL_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
const QUERY_TIMEOUT_MS = 5_000
const END_TIMEOUT_MS = 500
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 5_000

const READ = `SELECT version, at, by, because, event FROM ${CONTROL_SCHEMA}.journal WHERE version > $1 ORDER BY version LIMIT $2`
const NEWEST = `SELECT coalesce(max(version), 0) AS newest FROM ${CONTROL_SCHEMA}.journal`

export interface WatchOptions {
  readonly url: string
  readonly afterVersion: number
  readonly onEntries: (entries: JournalEntry[]) => void
  readonly onConnection?: (connected: boolean) => void
  /** Lines that were handed on have others in their place; nothing is watched from then on. */
  readonly onReplaced?: () => void
  readonly report: ReportError
}

/**
 * Watches the journal over a connection of its own: LISTEN for speed, a read every second for safety (a notification is lost
 * with its connection, and a half-open connection says nothing). Resolves when the first attempt has caught up or failed;
 * from then on it reconnects for ever, with growing pauses of at most 5 s, until it is stopped.
 * `onConnection(true)` means in reach *and* caught up.
 */
export async function watchJournal(options: WatchOptions): Promise<Stoppable> {
  const cursor = createJournalCursor(options)
  const stopping = new AbortController()
  const tellConnection = createConnectionTeller(options)
  const first = Promise.withResolvers<void>()

  async function keepWatching(): Promise<void> {
    let failures = 0
    const onReady = () => {
      failures = 0
      tellConnection(true)
      first.resolve()
    }
    while (!stopping.signal.aborted) {
      try {
        await watchOnce({ ...options, cursor, signal: stopping.signal, onReady })
      } catch (error) {
        if (error instanceof JournalReplaced) return options.onReplaced?.()
        options.report('journal.watch', error)
      }
      if (stopping.signal.aborted) break
      tellConnection(false)
      first.resolve()
      await pause(backoffMs(failures++), stopping.signal)
    }
  }

  const watching = keepWatching().finally(first.resolve)
  await first.promise
  return {
    async stop() {
      stopping.abort()
      await watching
    },
  }
}

interface SessionOptions extends WatchOptions {
  readonly cursor: JournalCursor
  readonly signal: AbortSignal
  readonly onReady: () => void
}

/** One connection, from connect to its end. Throws when it breaks; returns when it is stopped. */
async function watchOnce({ url, cursor, signal, onReady, report }: SessionOptions): Promise<void> {
  const client = createWatchClient(url)
  const over = new AbortController()
  const end = (error: unknown) => over.abort(error)
  const endByStop = () => end(signal.reason)
  signal.addEventListener('abort', endByStop)
  client.on('error', end)
  client.on('end', () => end(new Error('The connection to the control database has ended')))
  const read = async (afterVersion: number, limit: number) =>
    (await client.query<JournalRow>(READ, [afterVersion, limit])).rows.map(toJournalEntry)
  client.on('notification', (notification) => {
    if (!offerNotification(cursor, notification)) cursor.catchUp(read).catch(end)
  })
  try {
    await Promise.race([client.connect(), rejectOnAbort(over.signal)])
    await client.query(`LISTEN ${JOURNAL_CHANNEL}`)
    await cursor.catchUp(read)
    await warnWhenShorter(client, cursor, report)
    onReady()
    while (true) {
      await pause(POLL_MS, over.signal)
      over.signal.throwIfAborted()
      await cursor.catchUp(read)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', endByStop)
    await endClient(client)
  }
}

function createWatchClient(url: string): Client {
  return new Client({
    connectionString: url,
    application_name: 'strangler-watch',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
  })
}

/** False when the entries must be read: the line was too long for a notification, is not the next, or is not ours. */
function offerNotification(cursor: JournalCursor, { payload }: Notification): boolean {
  try {
    const row = JSON.parse(payload ?? '') as JournalRow
    return row.event !== undefined && cursor.offer(toJournalEntry(row))
  } catch {
    // Anybody may NOTIFY on this channel; what is not a line of the journal only makes the watcher look.
    return false
  }
}

/** A journal that ends before what is known was restored from an old copy or is another one: nothing would ever arrive. */
async function warnWhenShorter(client: Client, cursor: JournalCursor, report: ReportError): Promise<void> {
  const { rows } = await client.query<{ newest: number }>(NEWEST)
  const newest = rows[0]?.newest ?? 0
  if (newest >= cursor.version) return
  const found = `The journal ends at version ${newest}, and this process has already seen version ${cursor.version}: it is another journal, or an old copy of it. Its decisions are not followed.`
  const fix =
    'Restore the newest copy of the control database, or remove the last good tables (`proxy-*.json`).'
  report('journal.watch', new StranglerError('STRANGLER_INTERNAL', found, { fix }))
}

function createConnectionTeller({ onConnection, report }: WatchOptions): (connected: boolean) => void {
  let told: boolean | undefined
  return (connected) => {
    if (told === connected) return
    told = connected
    try {
      onConnection?.(connected)
    } catch (error) {
      report('journal.onConnection', error)
    }
  }
}

/** Doubles from 100 ms to 5 s; half of it random, so that many proxies do not come back in step. */
function backoffMs(failures: number): number {
  const whole = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10))
  return whole / 2 + Math.random() * (whole / 2)
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  // Being stopped is the other way for a pause to end, not a failure.
  await delay(durationMs, undefined, { signal }).catch((error) => error)
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function endClient(client: Client): Promise<void> {
  const ended = client.end().catch((error) => error)
  const timeout = new AbortController()
  await Promise.race([ended, pause(END_TIMEOUT_MS, timeout.signal)])
  timeout.abort()
  // A half-open connection never confirms its end.
  ;(client as unknown as { connection?: { stream?: { destroy?(): void } } }).connection?.stream?.destroy?.()
}
