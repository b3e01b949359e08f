/** What an open dashboard is told, as it goes over the wire. */

export interface SideRate {
  readonly perSecond: number
  /** Null of no request. */
  readonly errorShare: number | null
  readonly p95Ms: number | null
}

/** The traffic of both sides between two looks. `at` is epoch milliseconds. */
export interface TrafficPoint {
  readonly at: number
  readonly monolith: SideRate
  readonly service: SideRate
  /** Requests a second, by capability. */
  readonly capabilities: Readonly<Record<string, { readonly monolith: number; readonly service: number }>>
}

/** Of the last half minute. */
export interface EndpointRate extends SideRate {
  readonly endpoint: string
  readonly target: 'monolith' | 'service'
}

export interface LiveTraffic {
  /** False where the process that answers has no proxy: these are then the counts of all proxies, and no times. */
  readonly isMeasuredHere: boolean
  readonly endpoints: readonly EndpointRate[]
}

/** What a side uses of its machine, between two looks; what it does not say is absent. */
export interface SideCost {
  readonly side: string
  /** Processors that it kept busy. */
  readonly cores?: number
  readonly memoryBytes?: number
  /** Requests through the proxy. */
  readonly perSecond?: number
  readonly cpuMsPerRequest?: number
  /** It gets shadow requests now: they cost it work, and are in none of these counts. */
  readonly isShadowed?: boolean
  /** What a request cost it when it last got none. */
  readonly calmCpuMsPerRequest?: number
  /** Why nothing is known. */
  readonly problem?: string
}

/** What a topic says now, or why it says nothing. */
export type TopicValue =
  | { readonly ok: true; readonly data: unknown }
  | {
      readonly ok: false
      readonly problem: { readonly code: string; readonly detail: string; readonly fix?: string }
    }
