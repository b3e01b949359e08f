import type { ReportError } from '../core/ports.ts'
import type { ChangeBatch } from '../core/sync-words.ts'
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
      await transport.sendBatches('apply', [batch])
      return await Promise.race([arrived, late])
    } finally {
      clearTimeout(timer)
      awaited.delete(nameOf(batch))
    }
  }

  try {
    return await work(carry)
  } finally {
    await transport.stop()
  }
}

/** The version is the log's, so no two changes have the same. */
function nameOf({ entries }: ChangeBatch): string {
  return entries.map(({ table, key, version }) => `${table} ${key} ${version}`).join('\n')
}
