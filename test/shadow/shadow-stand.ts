import { onTestFinished } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { ConfigInput } from '../../strangler/config/schema.ts'
import type { ComparisonBatch } from '../../strangler/core/comparison-store.ts'
import { createShadowMarks } from '../../strangler/core/shadow-mark.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { createProxyServer, type ProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { createComparer } from '../../strangler/shadow/comparer.ts'
import { type CopyWatch, NO_COPIES } from '../../strangler/shadow/copy-watch.ts'
import { createShadow, type Shadow } from '../../strangler/shadow/create-shadow.ts'
import { createRulesFor } from '../../strangler/shadow/rules-of.ts'
import { stateOf } from '../support/tables.ts'

export const MARKS = createShadowMarks('a secret of the tests', Date.now)

type Capability = NonNullable<ConfigInput['capabilities']>[string]

export interface ShadowStandOptions {
  readonly monolith: string
  readonly service: string
  readonly capability?: Partial<Capability>
  readonly config?: Omit<ConfigInput, 'sides' | 'capabilities'>
  readonly side?: Record<string, unknown>
  readonly copies?: CopyWatch
  readonly events?: readonly JournalEvent[]
  readonly random?: () => number
}

/** A proxy whose exchanges are compared, between two sides that the test runs. */
export interface ShadowStand {
  readonly url: string
  readonly port: number
  readonly proxy: ProxyServer
  readonly shadow: Shadow
  readonly failures: unknown[]
  decide(...events: JournalEvent[]): void
  /** Waits until all is judged, and gives what was counted since the last time. */
  take(): Promise<ComparisonBatch>
}

const EMPTY: ComparisonBatch = { bases: [], tallies: [], differences: [], sets: [], shapes: [], samples: [] }

/** Everything it starts ends with the test. */
export async function startShadowStand(options: ShadowStandOptions): Promise<ShadowStand> {
  const config = checkConfig({
    ...options.config,
    sides: { monolith: options.monolith, inventory: { url: options.service, ...options.side } },
    capabilities: {
      inventory: {
        ...options.capability,
        endpoints: options.capability?.endpoints ?? [{ endpoint: 'GET /items/:id', mode: 'shadow' }],
      },
    },
  })
  const events: JournalEvent[] = [...(options.events ?? [])]
  const failures: unknown[] = []
  const report = (operation: string, error: unknown) => void failures.push({ operation, error })
  const rulesFor = createRulesFor(config)
  const shadow = createShadow({
    config,
    marks: MARKS,
    comparer: createComparer(rulesFor),
    rulesFor,
    copies: options.copies ?? NO_COPIES,
    ownerOf: () => 'monolith',
    report,
    ...(options.random === undefined ? {} : { random: options.random }),
  })
  const proxy = createProxyServer({
    config,
    table: compileTable(config, stateOf(events)),
    secret: Buffer.alloc(32, 7),
    capture: shadow.capture,
    report,
  })
  shadow.follow(stateOf(events))
  const { port } = await proxy.listen(0, '127.0.0.1')
  onTestFinished(async () => {
    await proxy.stop({ drainMs: 0 })
    await shadow.stop()
  })
  return {
    ...{ port, url: `http://127.0.0.1:${port}`, proxy, shadow, failures },
    decide(...more) {
      events.push(...more)
      proxy.swapTable(compileTable(config, stateOf(events)))
      shadow.follow(stateOf(events))
    },
    async take() {
      await shadow.settled()
      return shadow.book.take() ?? EMPTY
    },
  }
}

/** How often each verdict was given, times left out. */
export function verdictsOf({ tallies }: ComparisonBatch): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { tally, count } of tallies)
    if (!tally.startsWith('ms:')) counts[tally] = (counts[tally] ?? 0) + count
  return counts
}
