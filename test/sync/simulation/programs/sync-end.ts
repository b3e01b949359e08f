import type { ChangeBatch } from '../../../../strangler/core/sync-words.ts'
import { createBackfill } from '../../../../strangler/sync/backfill.ts'
import { createDatabaseCheckpoints } from '../../../../strangler/sync/checkpoint-store.ts'
import { openSyncDatabase } from '../../../../strangler/sync/database.ts'
import { mariadbDialect } from '../../../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../../../strangler/sync/dialects/postgres/index.ts'
import { createSourceEnd, createTargetEnd } from '../../../../strangler/sync/link.ts'
import { createTransport, type Transport } from '../../../../strangler/sync/transport.ts'
import { TWINS } from '../broken-twins.ts'
import { type EndConfig, type EndMessage, routesOf } from '../end-config.ts'
import { makeDatabaseFatal, makeTransportFatal } from '../fatal-points.ts'
import { makeFaulty } from '../faulty-transport.ts'
import { createHubTransport } from '../hub-transport.ts'
import { createRandom } from '../random.ts'

/** One end of a sync in a process of its own, which can be killed. */
const config = JSON.parse(process.argv[2] ?? '{}') as EndConfig
process.on('disconnect', () => process.exit(0))

const NAMES = { capability: 'shop', installation: 'test' }
const tell = (message: EndMessage) => void process.send?.(message)
const report = (operation: string, error: unknown) =>
  tell({ kind: 'report', text: `${operation}: ${error instanceof Error ? error.message : String(error)}` })

function openQueue(): Transport {
  const { queue, role, faults, dieAt } = config
  const inner =
    queue.kind === 'hub'
      ? createHubTransport()
      : createTransport({ ...NAMES, direction: 'forward', server: queue, report })
  const fatal = makeTransportFatal(config.singly === true ? sendSingly(inner) : inner, dieAt)
  const salt = role === 'source' ? 0xfa17 : 0x7a11
  // A new process must not repeat the bad luck of the one before it.
  return faults === undefined
    ? fatal
    : makeFaulty(fatal, faults, createRandom(faults.seed ^ salt ^ process.pid))
}

function sendSingly(inner: Transport): Transport {
  const apart = (batch: ChangeBatch) =>
    batch.chunk === undefined ? batch.entries.map((entry) => ({ ...batch, entries: [entry] })) : [batch]
  return { ...inner, sendBatches: (lane, batches) => inner.sendBatches(lane, batches.flatMap(apart)) }
}

async function openDatabase() {
  const twin = config.twin === undefined ? {} : TWINS[config.twin]
  const plain = config.dialect === 'postgres' ? postgresDialect : mariadbDialect
  const dialect = twin[config.role]?.(plain) ?? plain
  const opened = await openSyncDatabase(config.url, { dialect, report })
  return makeDatabaseFatal(
    config.role === 'source' ? (twin.sourceDatabase?.(opened) ?? opened) : opened,
    config.dieAt,
  )
}

const database = await openDatabase()
const transport = openQueue()
const basis = {
  ...NAMES,
  direction: 'forward',
  epoch: config.epoch,
  routes: routesOf(config.shapes),
  transport,
  report,
} as const

if (config.role === 'target') await createTargetEnd({ ...basis, target: database }).start()
else {
  const backfill = createBackfill({
    ...basis,
    source: database,
    checkpoints: createDatabaseCheckpoints(database),
  })
  const end = createSourceEnd({
    ...basis,
    source: database,
    onSettled: backfill.settle,
    onQueueLost: backfill.resend,
  })
  await backfill.prepare()
  await end.start()
  backfill.start()
  setInterval(async () => {
    // A database that does not answer is reported by the parts themselves.
    const status = await end.status().catch(() => undefined)
    if (status === undefined) return
    const { waiting, inFlight } = status
    tell({ kind: 'status', backfilled: backfill.status().state === 'done', waiting, inFlight })
  }, 100)
}
tell({ kind: 'ready' })
