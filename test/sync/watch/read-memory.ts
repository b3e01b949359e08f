import type { KeptFindings } from '../../../strangler/core/evidence-store.ts'
import { createReadWatch, type ReadWatch } from '../../../strangler/sync/read-watch.ts'
import { TABLES } from '../../rollout/items.ts'

export interface ReadMemory {
  kept: KeptFindings
}

/** A watch that goes on from the evidence in `memory`. */
export function watchWith(
  url: string,
  memory: ReadMemory = { kept: {} },
): { watch: ReadWatch; reads: () => KeptFindings['reads'] } {
  const watch = createReadWatch({
    capability: 'items',
    monolith: { side: 'monolith', url },
    tables: TABLES,
    standing: () => ({ epoch: 3, silentFrom: 0, soakMs: 1_000 }),
    store: {
      read: async () => memory.kept,
      keep: async (_capability, kind, content) => {
        memory.kept = { ...memory.kept, [kind]: { at: Date.now(), content } }
      },
    },
    clock: Date.now,
    statisticsLateMs: 0,
    report: () => undefined,
  })
  return { watch, reads: () => memory.kept.reads }
}
