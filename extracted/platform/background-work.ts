import { createEvents, type EventHandler, followOwner, type RepeatableWork } from 'strangler-kit/service'
import type { DataSource, EntityManager } from 'typeorm'
import type { RepeatingJob } from './repeating-job.ts'

export interface BackgroundOptions {
  readonly stranglerWorkerToken?: string | undefined
  readonly stranglerAdminUrl?: string | undefined
  readonly eventQueueUrl?: string | undefined
  readonly stranglerInstallation?: string | undefined
}

/** Lets work run only while the service owns the capability; without the kit's address it runs always. */
export function whileOwned<W extends RepeatableWork | RepeatingJob>(
  { stranglerWorkerToken: token, stranglerAdminUrl: url }: BackgroundOptions,
  capability: string,
  work: W,
): W {
  if (token === undefined || url === undefined) return work
  let following: { stop(): Promise<void> } | undefined
  return {
    ...work,
    start() {
      const { whileOwner } = followOwner({ side: 'service', url, token })
      following ??= whileOwner(capability, work.start, work.stop)
    },
    async stop() {
      await following?.stop()
      following = undefined
    },
  }
}

/** Tells of something in the transaction in which it happens. */
export type Tell = (tx: EntityManager, type: string, payload: object) => Promise<void>

export interface EventLinkOptions {
  readonly options: BackgroundOptions
  readonly dataSource: DataSource
  /** The service's name, and that of the capability whose tables its handlers write. */
  readonly name: string
  readonly subscribers: Readonly<Record<string, readonly string[]>>
  readonly handlers: Readonly<Record<string, EventHandler>>
}

/** What a service tells others and hears of them. Without a queue it does neither. */
export async function openEventLink({
  options,
  dataSource,
  name,
  subscribers,
  handlers,
}: EventLinkOptions): Promise<{ tell: Tell; job: RepeatingJob | undefined }> {
  const { eventQueueUrl: url, stranglerInstallation: installation } = options
  if (url === undefined) return { tell: async () => undefined, job: undefined }
  const queue = { kind: url.startsWith('redis') ? ('redis' as const) : ('postgres' as const), url }
  const events = await createEvents({
    ...{ dataSource, name, queue, subscribers },
    ...(installation === undefined ? {} : { installation }),
  })
  const consumer = whileOwned(options, name, events.consumer(handlers))
  const job: RepeatingJob = {
    name: 'events',
    run: async () => undefined,
    start() {
      // What has happened here is told whoever owns by now; what is heard writes, so it is for the owner.
      events.relay.start()
      consumer.start()
    },
    async stop() {
      await consumer.stop()
      await events.stop()
    },
  }
  return { tell: events.emit, job }
}
