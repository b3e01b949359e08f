import { Gauge, type Registry } from 'prom-client'
import type { HeardHeartbeat } from '../core/data-position.ts'

/** What the syncs said last, read when somebody scrapes. What is not known is absent, never an old number. */
export function createPositionMetrics(registers: Registry[], heard: () => readonly HeardHeartbeat[]): void {
  const gauges: readonly {
    readonly name: string
    readonly help: string
    readonly read: (heard: HeardHeartbeat) => number | undefined
  }[] = [
    {
      name: 'strangler_sync_lag_seconds',
      help: 'Age of the oldest change that a capability’s copy has not got; absent while that is not known.',
      read: ({ lagMs }) => (lagMs === undefined ? undefined : lagMs / 1_000),
    },
    {
      name: 'strangler_sync_log_entries',
      help: 'Entries that wait, of a capability’s tables.',
      read: ({ heartbeat }) => heartbeat.entries,
    },
    {
      name: 'strangler_sync_refused_rows',
      help: 'Rows that the copy’s database refuses and that are tried again; each holds the lag up.',
      read: ({ heartbeat }) => heartbeat.refused,
    },
    {
      name: 'strangler_sync_heartbeat_age_seconds',
      help: 'Time since a capability’s sync was last heard of; above 2 seconds its copy is not read.',
      read: ({ ageMs }) => ageMs / 1_000,
    },
  ]
  for (const { name, help, read } of gauges) {
    new Gauge({
      name,
      help: `${help} With several workers: the largest.`,
      labelNames: ['capability'],
      aggregator: 'max',
      registers,
      collect() {
        this.reset()
        for (const one of heard()) {
          const value = read(one)
          if (value !== undefined) this.set({ capability: one.heartbeat.capability }, value)
        }
      },
    })
  }
}
