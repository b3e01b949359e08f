import { createPostgresBackend, withBackend } from 'bullmq'
import { openBackend, type Receiver } from '../../../strangler/sync/transport/queue-backend.ts'

/** A process that takes jobs and nothing else: as the kit does, or as BullMQ does by itself. */
const { url, by } = JSON.parse(process.argv[2] ?? '{}') as { url: string; by: 'kit' | 'bullmq' }
process.on('disconnect', () => process.exit(0))

const take = async ({ data }: { data: unknown }) => void process.send?.({ took: data })

function openReceiver(): Receiver {
  if (by === 'kit')
    return openBackend({ kind: 'postgres', url }).openReceiver('ended', { concurrency: 1 }, take)
  const connection = { connectionString: url, schema: 'strangler_queue', migrate: true, max: 2 }
  return new (withBackend(createPostgresBackend).Worker)('ended', take, { connection })
}

openReceiver().on('error', (error) => process.send?.({ heard: error.message }))
