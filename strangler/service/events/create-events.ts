import { randomUUID } from 'node:crypto'
import type { DataSource, EntityManager } from 'typeorm'
import { StranglerError } from '../../core/errors.ts'
import type { ReportError, Stoppable } from '../../core/ports.ts'
import { createLoop } from '../../sync/loop.ts'
import type { QueueServer } from '../../sync/transport.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import { createEventTables, type EventTables } from './event-tables.ts'
import type { EventReceipt, ServiceEvent } from './event-words.ts'

const CLAIMED_AT_ONCE = 200
/** So many copies of one delivery may wait in the queue while nobody takes them. */
const COPIES = 6
const DAY_MS = 86_400_000
/** What has taken effect is remembered for so long. An older event is not applied: nobody knows whether it has been already. */
const REMEMBERED_MS = 30 * DAY_MS
const FORGET_EVERY_MS = 3_600_000

export interface EventsOptions {
  /** The service's own database (PostgreSQL), which gets the tables `event_outbox` and `event_inbox`. */
  readonly dataSource: DataSource
  /** The service's name among those that tell and listen. */
  readonly name: string
  readonly queue: QueueServer
  /**
   * Whose events these are, in the names of the queues: the id that `strangler sync status` names, or any other text that all services of one
   * environment have in common and those of another have not. Without it whoever shares the queue server shares the events.
   */
  readonly installation?: string
  /** Who must hear of which event: `{ 'order.placed': ['inventory'] }`. */
  readonly subscribers?: Readonly<Record<string, readonly string[]>>
  readonly report?: ReportError
}

/** Makes the effect of an event, in the transaction that also remembers it. The order of events is not promised. */
export type EventHandler = (tx: EntityManager, event: ServiceEvent<never>) => Promise<unknown>

/** Work that may be started again after it was stopped, as `whileOwner` does. */
export interface RepeatableWork extends Stoppable {
  start(): void
}

/** Events between services, each of which takes effect exactly once. */
export interface Events extends Stoppable {
  /** Tells of something, if the transaction commits. @throws Error outside of a transaction, or for an event that has no subscribers */
  emit(tx: EntityManager, type: string, payload: unknown): Promise<void>
  /** Sends what was told until it has taken effect. It may run on both sides and in any number of processes. */
  readonly relay: RepeatableWork
  /** Takes events; those without a handler are left to be sent again. */
  consumer(handlers: Readonly<Record<string, EventHandler>>): RepeatableWork
  /** What has not taken effect everywhere yet. */
  waiting: EventTables['waiting']
}

/**
 * @throws the database's error when the tables cannot be made
 */
export async function createEvents(options: EventsOptions): Promise<Events> {
  const { dataSource, queue: server, report = () => undefined } = options
  if (dataSource.options.type !== 'postgres') {
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `createEvents has a data source of the type ${dataSource.options.type}.`,
      {
        fix: 'The outbox and the inbox need PostgreSQL.',
      },
    )
  }
  const tables = createEventTables(dataSource)
  await tables.create()
  return createEventsOn({ ...options, report, tables, queue: createEventQueue(server, report) })
}

export interface EventParts
  extends Pick<EventsOptions, 'dataSource' | 'name' | 'subscribers' | 'installation'> {
  readonly queue: EventQueue
  readonly tables: EventTables
  readonly report: ReportError
}

type Whose = string | undefined
const prefixOf = (installation: Whose) =>
  installation === undefined ? 'strangler' : `strangler-${installation}`
export const deliveriesOf = (consumer: string, whose?: Whose) => `${prefixOf(whose)}-events-${consumer}`
export const receiptsOf = (source: string, whose?: Whose) => `${prefixOf(whose)}-receipts-${source}`

export function createEventsOn(parts: EventParts): Events {
  const { name, subscribers = {}, queue, tables } = parts
  const relay = createRelay(parts)
  const works: Stoppable[] = [relay]
  return {
    relay,
    waiting: tables.waiting,
    async emit(tx, type, payload) {
      const consumers = subscribers[type]
      if (consumers === undefined)
        throw new Error(`${name} tells of ${type}, and \`subscribers\` does not say whom.`)
      if (tx.queryRunner?.isTransactionActive !== true) {
        throw new Error(
          `${type} is told outside of a transaction: it could be told and not happen, or happen untold.`,
        )
      }
      const event = { id: randomUUID(), type, source: name, payload, at: new Date().toISOString() }
      await tables.insert(tx, event, consumers)
    },
    consumer(handlers) {
      const work = createConsumer(parts, handlers)
      works.push(work)
      return work
    },
    async stop() {
      await Promise.all(works.map((work) => work.stop()))
      await queue.stop()
    },
  }
}

/** A delivery stays in the outbox until its receipt is there: a queue that loses everything costs time only. */
function createRelay({ name, installation, queue, tables, report }: EventParts): RepeatableWork {
  return createRepeatable(() => {
    const receipts = queue.receive(receiptsOf(name, installation), (receipt) =>
      tables.remove(receipt as EventReceipt),
    )
    const sending = createLoop({
      async work() {
        const due = await tables.claim(CLAIMED_AT_ONCE)
        for (const consumer of new Set(due.map((delivery) => delivery.consumer))) {
          const own = due.filter((delivery) => delivery.consumer === consumer)
          const jobs = own.map(({ event, sends }) => ({
            id: `${event.id}.${Math.min(sends, COPIES)}`,
            data: event,
          }))
          await queue.send(deliveriesOf(consumer, installation), jobs)
        }
        return due.length === CLAIMED_AT_ONCE
      },
      shortestPauseMs: 50,
      longestPauseMs: 500,
      onError: (error) => report('events.relay', error),
    })
    sending.start()
    return [sending, receipts]
  })
}

function createConsumer(parts: EventParts, handlers: Readonly<Record<string, EventHandler>>): RepeatableWork {
  const { name, installation, queue, tables, report } = parts
  return createRepeatable(() => {
    const taking = queue.receive(deliveriesOf(name, installation), (event) =>
      applyOnce(parts, handlers, event as ServiceEvent),
    )
    const forgetting = createLoop({
      work: () => tables.forget(new Date(Date.now() - REMEMBERED_MS - DAY_MS)).then(() => false),
      shortestPauseMs: FORGET_EVERY_MS,
      longestPauseMs: FORGET_EVERY_MS,
      onError: (error) => report('events.inbox', error),
    })
    forgetting.start()
    return [taking, forgetting]
  })
}

/** The effect and its being remembered are one transaction; the receipt follows, and may be lost: then the event comes again. */
async function applyOnce(
  { dataSource, name, installation, queue, tables }: EventParts,
  handlers: Readonly<Record<string, EventHandler>>,
  event: ServiceEvent,
): Promise<void> {
  const handle = handlers[event.type]
  if (handle === undefined) throw new Error(`${name} has no handler for ${event.type} of ${event.source}.`)
  if (Date.parse(event.at) < Date.now() - REMEMBERED_MS) {
    throw new Error(
      `${event.type} ${event.id} is older than what ${name} remembers, so it is not known whether it has taken effect.`,
    )
  }
  await dataSource.transaction(async (tx) => {
    if (await tables.remember(tx, event)) await handle(tx, event as ServiceEvent<never>)
  })
  const receipt: EventReceipt = { id: event.id, consumer: name }
  await queue.send(receiptsOf(event.source, installation), [{ id: `${event.id}.${name}`, data: receipt }])
}

function createRepeatable(begin: () => readonly Stoppable[]): RepeatableWork {
  let running: readonly Stoppable[] = []
  return {
    start() {
      if (running.length === 0) running = begin()
    },
    async stop() {
      const ending = running
      running = []
      await Promise.all(ending.map((part) => part.stop()))
    },
  }
}
