import { type CapabilitySync, createCapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { serveRemote } from '../../processes/remote.ts'
import { CAPABILITY, INSTALLATION, TABLE } from '../options.ts'
import type { Addresses } from '../stand.ts'

// A process that has the sync and nothing else, so that its memory and its processor time are the sync's.
let sync: CapabilitySync | undefined

function running(): CapabilitySync {
  if (sync === undefined) throw new Error('`open` comes first.')
  return sync
}

serveRemote(
  {
    async open({ source, target, redis }: Addresses) {
      sync = createCapabilitySync({
        capability: CAPABILITY,
        installation: async () => INSTALLATION,
        tables: [{ table: TABLE }],
        addresses: {
          monolith: { side: 'monolith', url: source },
          service: { side: CAPABILITY, url: target },
        },
        queue: { kind: 'redis', url: redis },
        onHeartbeat: () => undefined,
        report: (operation, error) => process.stderr.write(`${operation}: ${String(error)}\n`),
      })
    },
    install: async () => running().install({ epoch: 0 }),
    async follow(order: { epoch: number; backfill: boolean } | undefined) {
      const backfill = order?.backfill === true ? { backfill: true as const } : {}
      running().follow(
        order === undefined ? undefined : { epoch: order.epoch, state: 'running', ...backfill },
      )
    },
    status: async () => running().status({ epoch: 0 }),
    verify: async (epoch: number) => running().verify({ epoch, state: 'running' }),
  },
  async () => sync?.stop(),
)
