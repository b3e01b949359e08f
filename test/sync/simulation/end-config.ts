import type { DialectName, TableShape } from '../../../strangler/core/sync-words.ts'
import { compileMapping, type TableRoute } from '../../../strangler/sync/mapping.ts'
import type { QueueServer } from '../../../strangler/sync/transport.ts'
import type { TwinName } from './broken-twins.ts'
import type { FatalPoint } from './fatal-points.ts'
import type { Faults } from './faulty-transport.ts'

/** Where the jobs go: the queue in the test's process, or a real one. */
export type QueuePlace = { readonly kind: 'hub' } | QueueServer

/** The tables as both databases have them. */
export interface Shapes {
  readonly monolith: readonly TableShape[]
  readonly service: readonly TableShape[]
}

/** What a process of one end is started with, as JSON. */
export interface EndConfig {
  readonly role: 'source' | 'target'
  readonly dialect: DialectName
  readonly url: string
  readonly shapes: Shapes
  readonly epoch: number
  readonly queue: QueuePlace
  readonly faults?: (Faults & { readonly seed: number }) | undefined
  /** One entry a job. */
  readonly singly?: boolean | undefined
  /** It kills itself there. */
  readonly dieAt?: FatalPoint | undefined
  readonly twin?: TwinName | undefined
}

/** What an end tells the test, ten times a second and when something goes wrong. */
export type EndMessage =
  | {
      readonly kind: 'status'
      readonly backfilled: boolean
      readonly waiting: number
      readonly inFlight: number
    }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'ready' }

export function routesOf({ monolith, service }: Shapes): TableRoute[] {
  return monolith.map((table) => {
    const there = service.find((candidate) => candidate.name === table.name)!
    const { forward, problems } = compileMapping({ table: table.name }, table, there)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return forward
  })
}
