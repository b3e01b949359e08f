import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { ClockEstimate, SyncHeartbeat } from '../core/data-position.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { reportOnce } from '../core/report-once.ts'
import { estimateAfter } from './position-keeper.ts'

const CHANNEL = 'strangler_positions'
const LOOK_EVERY_MS = 1_000
const RETRY_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
const QUERY_TIMEOUT_MS = 5_000
const CONTROL_CLOCK = `extract(epoch FROM clock_timestamp()) * 1000`

/** How heartbeats get from the process that syncs to all others. Nothing is stored: what is missed is said again half a second later. */
export interface PositionBoard extends Stoppable {
  start(): void
  /** Tells all others, when the control database is in reach; of several that wait, the newest. */
  publish(heartbeat: SyncHeartbeat): void
  /** A write was made that no store knows of: all other processes must count everybody as its author. */
  announceWrite(capability: string): void
}

export interface PositionBoardOptions {
  /** The control database. */
  readonly url: string
  /** A heartbeat of another process, on this process's clock. */
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  readonly onWrite: (capability: string) => void
  readonly report: ReportError
}

/** What goes over the wire: `at` on the control database's clock, which all processes share. */
interface PostedHeartbeat extends Omit<SyncHeartbeat, 'at'> {
  readonly by: string
  readonly control: ClockEstimate
}

interface AnnouncedWrite {
  readonly by: string
  readonly wrote: string
}

/** The control database's clock, as it was at a moment of this process's own. */
type ClockReading = ClockEstimate & { readonly at: number }

export function createPositionBoard(options: PositionBoardOptions): PositionBoard {
  const { url, onHeartbeat, onWrite, report } = options
  const self = randomUUID()
  const stopping = new AbortController()
  const { signal } = stopping
  const waiting = new Map<string, SyncHeartbeat>()
  const unstored = new Set<string>()
  let session: Session | undefined
  let running: Promise<void> | undefined
  let sending = false
  const failures = reportOnce(report)

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await openSession({ url, signal, onPosted, onOpen: (opened) => setSession(opened) })
      } catch (error) {
        if (!signal.aborted) failures.report('positions.watch', error)
      }
      session = undefined
      await pause(RETRY_MS, signal)
    }
  }
  function setSession(opened: Session): void {
    session = opened
    failures.forget()
  }
  function onPosted(payload: string, clock: ClockReading): void {
    const posted = parsePosted(payload)
    if (posted === undefined || posted.by === self) return
    if ('wrote' in posted) onWrite(posted.wrote)
    else onHeartbeat(rebase(posted, clock))
  }
  async function send(): Promise<void> {
    if (sending) return
    sending = true
    try {
      while (session !== undefined && unstored.size + waiting.size > 0) {
        for (const capability of unstored) {
          unstored.delete(capability)
          await session.announce({ by: self, wrote: capability })
        }
        for (const [capability, heartbeat] of waiting) {
          waiting.delete(capability)
          await session?.post(self, heartbeat)
        }
      }
    } catch (error) {
      // The session ends by the same failure and is opened again; the next heartbeat says all that this one said.
      if (!signal.aborted) report('positions.publish', error)
    } finally {
      sending = false
    }
  }

  return {
    start() {
      running ??= run()
    },
    publish(heartbeat) {
      if (session === undefined) return
      waiting.set(heartbeat.capability, heartbeat)
      void send()
    },
    announceWrite(capability) {
      if (session === undefined) return
      unstored.add(capability)
      void send()
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

interface Session {
  post(by: string, heartbeat: SyncHeartbeat): Promise<void>
  announce(write: AnnouncedWrite): Promise<void>
}

interface SessionOptions {
  readonly url: string
  readonly signal: AbortSignal
  readonly onPosted: (payload: string, clock: ClockReading) => void
  readonly onOpen: (session: Session) => void
}

/** One connection, from connect to its end. Throws when it breaks; returns when it is stopped. */
async function openSession({ url, signal, onPosted, onOpen }: SessionOptions): Promise<void> {
  const client = createClient(url)
  const over = new AbortController()
  const end = (error: unknown) => over.abort(error)
  const endByStop = () => end(signal.reason)
  signal.addEventListener('abort', endByStop)
  client.on('error', end)
  client.on('end', () => end(new Error('The connection to the control database has ended')))
  let clock: ClockReading | undefined
  const ask = async (sql: string, values: unknown[] = []) => {
    const askedAt = performance.now()
    const { rows } = await client.query<{ now_ms: number }>(sql, values)
    const tookMs = performance.now() - askedAt
    clock = { at: askedAt + tookMs / 2, ms: Number(rows[0]?.now_ms), errorMs: tookMs / 2 }
  }
  client.on('notification', ({ payload = '' }) => {
    if (clock !== undefined) onPosted(payload, clock)
  })
  try {
    await Promise.race([client.connect(), rejectOnAbort(over.signal)])
    // What is said here is said again at once: nobody waits for a disk.
    await client.query('SET synchronous_commit = off')
    await ask(`SELECT ${CONTROL_CLOCK} AS now_ms`)
    await client.query(`LISTEN ${CHANNEL}`)
    const announce = (posted: PostedHeartbeat | AnnouncedWrite) =>
      ask(`SELECT pg_notify('${CHANNEL}', $1), ${CONTROL_CLOCK} AS now_ms`, [JSON.stringify(posted)])
    onOpen({
      announce,
      async post(by, { at, ...heartbeat }) {
        const read = clock as ClockReading
        await announce({ ...heartbeat, by, control: estimateAfter(read, at - read.at) })
      },
    })
    while (!over.signal.aborted) {
      await pause(LOOK_EVERY_MS, over.signal)
      over.signal.throwIfAborted()
      await ask(`SELECT ${CONTROL_CLOCK} AS now_ms`)
    }
  } finally {
    signal.removeEventListener('abort', endByStop)
    // A connection that does not answer any more does not end by being asked to either.
    await Promise.race([client.end().catch((error: unknown) => error), delay(500)])
    ;(client as unknown as { connection?: { stream?: { destroy?(): void } } }).connection?.stream?.destroy?.()
  }
}

function createClient(connectionString: string): Client {
  return new Client({
    connectionString,
    application_name: 'strangler-positions',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  })
}

/** Anybody may NOTIFY on the channel: what is no heartbeat is nobody's. */
function parsePosted(payload: string): PostedHeartbeat | AnnouncedWrite | undefined {
  try {
    const posted = JSON.parse(payload) as Partial<PostedHeartbeat & AnnouncedWrite> | null
    if (typeof posted?.wrote === 'string') return posted as AnnouncedWrite
    const numbers = [posted?.epoch, posted?.source?.ms, posted?.source?.errorMs]
    const clock = [posted?.control?.ms, posted?.control?.errorMs]
    const isWhole = [...numbers, ...clock].every((value) => Number.isFinite(value))
    return isWhole && typeof posted?.capability === 'string' ? (posted as PostedHeartbeat) : undefined
  } catch {
    // Not even JSON.
    return undefined
  }
}

/** The same heartbeat on this process's clock; what the two readings of the control database's clock leave open is in the error. */
function rebase({ by: _by, control, ...posted }: PostedHeartbeat, clock: ClockReading): SyncHeartbeat {
  const here = estimateAfter(clock, performance.now() - clock.at)
  const at = performance.now() - (here.ms - control.ms)
  const errorMs = here.errorMs + control.errorMs
  return {
    ...posted,
    ...(posted.lagMs === undefined ? {} : { lagMs: posted.lagMs + errorMs }),
    source: { ms: posted.source.ms, errorMs: posted.source.errorMs + errorMs },
    at,
  }
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
