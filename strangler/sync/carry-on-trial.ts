import type { ReportError } from '../core/ports.ts'
import type { ChangeBatch } from '../core/sync-words.ts'
import { within } from './transport/queue-backend.ts'
import { createTransport, type QueueServer } from './transport.ts'

const WITHIN_MS = 5_000

export interface TrialQueue {
  readonly capability: string
  readonly installation: string
  readonly queue: QueueServer
  readonly report: ReportError
}

/** Lets `work` send jobs through the queue's server and have each back as an applier would get it, in a queue that is nobody else's. */
export async function carryOnTrial<T>(
  { capability, installation, queue, report }: TrialQueue,
  work: (carry: (batch: ChangeBatch) => Promise<ChangeBatch>) => Promise<T>,
): Promise<T> {
  // No capability's name has a dot.
  const transport = createTransport({
    ...{ capability: `${capability}.trial`, installation, direction: 'reverse', server: queue, report },
  })
  const awaited = new Map<string, (batch: ChangeBatch) => void>()
  // Of a trial that has died in the middle something may still be there: it is nobody's.
  transport.receiveBatches('apply', async (batch) => awaited.get(nameOf(batch))?.(batch))

  async function carry(batch: ChangeBatch): Promise<ChangeBatch> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`the queue did not bring its change within ${WITHIN_MS / 1_000} s`)
      timer = setTimeout(() => reject(error), WITHIN_MS)
    })
    const arrived = new Promise<ChangeBatch>((resolve) => awaited.set(nameOf(batch), resolve))
    try {
      // Sending is in the race: a queue that does not even take it must not be waited for, nor its lateness be nobody's.
      return await Promise.race([transport.sendBatches('apply', [batch]).then(() => arrived), late])
    } finally {
      clearTimeout(timer)
      awaited.delete(nameOf(batch))
    }
  }

  try {
    return await work(carry)
  } finally {
    // A server that is silent does not let its connections end either; they do when it speaks again.
    await within(WITHIN_MS, transport.stop()).catch((error: unknown) => report('sync.trial', error))
  }
}

/** The version is the log's, so no two changes have the same. */
function nameOf({ entries }: ChangeBatch): string {
  return entries.map(({ table, key, version }) => `${table} ${key} ${version}`).join('\n')
}
