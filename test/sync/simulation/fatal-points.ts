import type { ChangeBatch } from '../../../strangler/core/sync-words.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import type { Transport } from '../../../strangler/sync/transport.ts'

/** Places at which an end kills itself. Between what the product's parts are given, so that the product needs no hooks. */
export type FatalPoint =
  | 'after reading, before sending'
  | 'between two bulk sends'
  | 'before COMMIT'
  | 'after COMMIT, before the acknowledgement'
  | 'between two deletes of acknowledged entries'
  | 'between a chunk of the backfill and its checkpoint'

/** SIGKILL: nothing is tidied up, nothing that is on its way is finished. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

export function makeTransportFatal(inner: Transport, point: FatalPoint | undefined): Transport {
  if (point === 'after reading, before sending')
    return {
      ...inner,
      sendBatches: async (lane, batches) =>
        batches.length > 0 && lane === 'apply' ? die() : inner.sendBatches(lane, batches),
    }
  if (point === 'between two bulk sends')
    return {
      ...inner,
      async sendBatches(lane, batches) {
        if (lane !== 'apply' || batches.length === 0) return inner.sendBatches(lane, batches)
        await inner.sendBatches(lane, firstHalf(batches))
        return die()
      },
    }
  if (point === 'after COMMIT, before the acknowledgement')
    return {
      ...inner,
      sendResults: async (results) =>
        results.some(({ done }) => done.length > 0) ? die() : inner.sendResults(results),
    }
  return inner
}

/** A pipeline that breaks has sent some of its jobs. */
function firstHalf(batches: readonly ChangeBatch[]): readonly ChangeBatch[] {
  const [first] = batches
  if (batches.length > 1 || first === undefined) return batches.slice(0, Math.ceil(batches.length / 2))
  return [{ ...first, entries: first.entries.slice(0, Math.ceil(first.entries.length / 2)) }]
}

export function makeDatabaseFatal(inner: SyncDatabase, point: FatalPoint | undefined): SyncDatabase {
  if (point === 'before COMMIT')
    return {
      ...inner,
      transaction: (work, options) =>
        inner.transaction(async (run) => {
          await work(run)
          return die()
        }, options),
    }
  if (point === 'between two deletes of acknowledged entries') return dieBetweenDeletes(inner)
  if (point === 'between a chunk of the backfill and its checkpoint')
    return {
      ...inner,
      query: async (statement) =>
        /^INSERT INTO strangler.checkpoint/.test(statement.sql) ? die() : inner.query(statement),
    }
  return inner
}

function dieBetweenDeletes(inner: SyncDatabase): SyncDatabase {
  const deletes = new WeakSet<Statement>()
  let deleted = 0
  return {
    ...inner,
    dialect: {
      ...inner.dialect,
      deleteAcknowledged(acknowledged) {
        const statement = inner.dialect.deleteAcknowledged(acknowledged)
        deletes.add(statement)
        return statement
      },
    },
    async query(statement) {
      if (!deletes.has(statement)) return inner.query(statement)
      if (deleted > 0) return die()
      const rows = await inner.query(statement)
      deleted += 1
      return rows
    },
  }
}
