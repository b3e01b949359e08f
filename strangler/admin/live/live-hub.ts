import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'
import { StranglerError } from '../../core/errors.ts'
import type { Clock, ReportError, Stoppable } from '../../core/ports.ts'
import { toProblem } from '../answer-problem.ts'
import type { TopicValue, TrafficPoint } from './live-words.ts'

const MOST_CLIENTS = 64
const BEAT_MS = 10_000
/** Who reads slower than this is written is let go; he comes back and gets what is new then. */
const MOST_UNSENT_BYTES = 4 * 1_024 * 1_024

/** Something that dashboards are told of when it has changed. */
export interface LiveTopic {
  readonly name: string
  readonly everyMs: number
  read(): Promise<unknown>
}

export interface LiveHub extends Stoppable {
  /** Tells one client until it goes, or until `expiresAt`. `Last-Event-ID`, or `after` in the query, says what it knows already. */
  join(req: Request, res: Response, expiresAt: number): void
  /** A new point of the traffic. */
  addPoint(point: TrafficPoint): void
  /** Something was decided just now: nobody should wait for the next look. */
  lookSoon(): void
}

export interface LiveHubOptions {
  readonly topics: readonly LiveTopic[]
  /** All points that are kept, for those who come new. */
  readonly points: () => readonly TrafficPoint[]
  readonly clock: Clock
  readonly report: ReportError
}

interface Known {
  text: string
  value: TopicValue
  /** The event that told of it. */
  id: number
}

/**
 * One look at each topic for all clients, and only while there are any. An event tells a topic's whole state, so whoever was away needs
 * the newest of each that has changed since, and no list of what was missed.
 */
export function createLiveHub({ topics, points, clock, report }: LiveHubOptions): LiveHub {
  const incarnation = randomBytes(6).toString('hex')
  const known = new Map<string, Known>()
  const clients = new Map<Response, number>()
  let lastId = 0
  let stopped = false
  let beating: NodeJS.Timeout | undefined

  const frame = (name: string, data: unknown, id = lastId) =>
    `event: ${name}\nid: ${incarnation}-${id}\ndata: ${JSON.stringify(data)}\n\n`

  function send(res: Response, text: string): void {
    res.write(text)
    if (res.writableLength > MOST_UNSENT_BYTES) leave(res)
  }
  const sendAll = (text: string) => {
    for (const res of clients.keys()) send(res, text)
  }
  function leave(res: Response): void {
    clients.delete(res)
    res.destroy()
    if (clients.size === 0) rest()
  }

  const looks = createLooks(topics, {
    read: async (topic) => tell(topic.name, await readTopic(topic, report)),
    isWatched: () => !stopped && clients.size > 0,
  })
  function tell(name: string, value: TopicValue): void {
    const text = JSON.stringify(value)
    if (known.get(name)?.text === text) return
    lastId += 1
    known.set(name, { text, value, id: lastId })
    sendAll(frame('change', { topic: name, value }))
  }

  function rest(): void {
    // What is known now is old when somebody comes.
    known.clear()
    looks.rest()
    clearInterval(beating)
    beating = undefined
  }
  function wake(): void {
    beating ??= setInterval(beat, BEAT_MS).unref()
    looks.lookNow()
  }
  function beat(): void {
    for (const [res, expiresAt] of clients) if (expiresAt <= clock()) leave(res)
    sendAll(frame('beat', { at: clock() }))
  }

  function greet(res: Response, after: number | undefined): void {
    if (after === undefined) {
      const values = Object.fromEntries([...known].map(([name, { value }]) => [name, value]))
      return send(res, frame('snapshot', { topics: values, points: points(), at: clock() }))
    }
    for (const [name, { id, value }] of known)
      if (id > after) send(res, frame('change', { topic: name, value }, id))
    // Which of them it has is told by their times.
    send(res, frame('points', points()))
  }

  return {
    join(req, res, expiresAt) {
      if (stopped || clients.size >= MOST_CLIENTS) {
        throw new StranglerError('STRANGLER_LIVE_FULL', `${clients.size} dashboards are open.`)
      }
      openStream(res, leave)
      greet(res, readLastId(req, incarnation))
      clients.set(res, expiresAt)
      wake()
    },
    addPoint: (point) => sendAll(frame('points', [point])),
    lookSoon() {
      if (clients.size > 0) looks.lookNow()
    },
    async stop() {
      stopped = true
      for (const res of [...clients.keys()]) leave(res)
      rest()
    },
  }
}

interface LookPorts {
  /** Reads a topic, and tells of it. */
  read(topic: LiveTopic): Promise<void>
  /** Whether somebody still wants to hear of it. */
  isWatched(): boolean
}

/** Every topic in its own time: one that hangs is not asked twice, and holds up nobody but itself. */
function createLooks(topics: readonly LiveTopic[], { read, isWatched }: LookPorts) {
  const timers = new Map<string, NodeJS.Timeout>()
  const looking = new Set<string>()
  const again = new Set<string>()

  async function look(topic: LiveTopic): Promise<void> {
    if (looking.has(topic.name)) return void again.add(topic.name)
    looking.add(topic.name)
    clearTimeout(timers.get(topic.name))
    await read(topic)
    looking.delete(topic.name)
    const isDue = again.delete(topic.name)
    if (isWatched()) schedule(topic, isDue ? 0 : topic.everyMs)
  }
  function schedule(topic: LiveTopic, afterMs: number): void {
    clearTimeout(timers.get(topic.name))
    timers.set(topic.name, setTimeout(look, afterMs, topic).unref())
  }

  return {
    lookNow(): void {
      for (const topic of topics) void look(topic)
    },
    rest(): void {
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

/** A client that lost it comes back after a second. */
function openStream(res: Response, leave: (res: Response) => void): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  res.on('close', () => leave(res))
  res.on('error', () => leave(res))
  res.write('retry: 1000\n\n')
}

async function readTopic(topic: LiveTopic, report: ReportError): Promise<TopicValue> {
  try {
    return { ok: true, data: await topic.read() }
  } catch (error) {
    if (!(error instanceof StranglerError)) report(`look at ${topic.name} for the dashboard`, error)
    const shown =
      error instanceof StranglerError
        ? error
        : new StranglerError('STRANGLER_INTERNAL', 'The admin API failed; its log says how.')
    const { code, detail, fix } = toProblem(shown)
    return { ok: false, problem: { code, detail, ...(fix === undefined ? {} : { fix }) } }
  }
}

/** Undefined for a client that is new, or knows another run of this process: it is told everything. */
function readLastId({ headers, query }: Request, incarnation: string): number | undefined {
  const said = headers['last-event-id'] ?? query['after']
  const [, run, id] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(typeof said === 'string' ? said : '') ?? []
  return run === incarnation ? Number(id) : undefined
}
