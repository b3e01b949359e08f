import { once } from 'node:events'
import type { Side } from '../../../strangler/core/words.ts'
import { createCoordinator } from '../../../strangler/rollout/coordinator.ts'
import { createJournalView } from '../../../strangler/rollout/journal-view.ts'
import type { CutoverDatabases, RolloutPorts } from '../../../strangler/rollout/ports.ts'
import { readCarried } from '../../../strangler/rollout/read-carried.ts'
import { openControlDatabase } from '../../../strangler/state/control-database.ts'
import { createCapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { TABLES } from '../items.ts'

/** What it is told by its only argument. */
export interface CoordinatorTask {
  readonly urls: { readonly control: string; readonly monolith: string; readonly service: string }
  readonly to: Side
  /** `before` or `after`, and a step of the databases or the kind of a line: `after closeSource`. */
  readonly at: string
  /** Broken on purpose: as if nothing had been changed lately. */
  readonly knowsNoKeys?: boolean
}

// A coordinator in a process of its own, which says when it has come to a certain moment of a cut-over, and waits until it is told to go on; it drives nothing else.
const task = JSON.parse(process.argv[2] ?? '') as CoordinatorTask
let isDone = false

async function pass(moment: string): Promise<void> {
  if (moment !== task.at || isDone) return
  isDone = true
  process.stdout.write('reached\n')
  await once(process.stdin, 'data')
  process.stdin.pause()
}

async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
  await pass(`before ${name}`)
  const result = await work()
  await pass(`after ${name}`)
  return result
}

function watched(databases: CutoverDatabases): CutoverDatabases {
  const steps = [
    'enter',
    'closeTarget',
    'closeSource',
    'openSource',
    'openTarget',
    'readLeft',
    'findDifferent',
    'alignIdentities',
  ] as const
  const wrapped = steps.map((step) => {
    const work = databases[step] as (...given: unknown[]) => Promise<unknown>
    return [step, (...given: unknown[]) => around(step, () => work(...given))]
  })
  return { ...databases, ...Object.fromEntries(wrapped) }
}

const report = (operation: string, error: unknown) => process.stderr.write(`${operation}: ${String(error)}\n`)
const control = await openControlDatabase(task.urls.control, { report })
const sync = createCapabilitySync({
  ...{ installation: control.readInstallation },
  ...{ capability: 'items', tables: TABLES, report, onHeartbeat: () => undefined },
  addresses: {
    monolith: { side: 'monolith', url: task.urls.monolith },
    service: { side: 'items', url: task.urls.service },
  },
  queue: { kind: 'postgres', url: task.urls.control },
})
const readState = createJournalView(control.journal)
const ports: RolloutPorts = {
  readState,
  append: (entry) => around(entry.event.kind, () => control.journal.append(entry)),
  listRegistrations: () => control.registrations.list(),
  holdLease: (cutoverId) => control.cutoverLeases.hold(cutoverId, `child-${process.pid}`, 1_000),
  async openDatabases(_capability, to) {
    const handOver = await sync.handOver(to)
    return watched({
      ...handOver,
      readiness: async () => ({ ...(await handOver.readLeft()), lagMs: 0, obstacles: [] }),
      recentKeys: async (cutoverId = '') =>
        task.knowsNoKeys === true
          ? new Map()
          : readCarried(control.evidence, { capability: 'items', cutoverId }),
      alignIdentities: async (token) => (await handOver.alignIdentities(token)).map(({ column }) => column),
    })
  },
  report,
  clock: Date.now,
  databaseClock: () => control.registrations.now(),
}
const coordinator = createCoordinator({ ...ports, holdMs: 5_000 })
const { version } = await readState()
const moved = await coordinator
  .cutOver({ capability: 'items', to: task.to, expectedVersion: version, by: 'child' })
  .catch((error: { code?: string }) => error.code ?? String(error))
process.stdout.write(`ended ${JSON.stringify(moved)}\n`)
await coordinator.stop()
await sync.stop()
await control.stop()
