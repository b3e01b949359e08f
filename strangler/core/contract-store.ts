/** What the control database keeps of contracts: what was seen of the monolith's answers, and what came of recording and verifying. */

/** What exchanges of one endpoint have in common; the comparison's own words, which nothing else looks into. */
export type LearntShape = object

export interface LearntRow {
  readonly capability: string
  /** `GET /api/inventory/:sku`. */
  readonly endpoint: string
  /** The monolith's build. */
  readonly build: string
  readonly exchanges: number
  /** Absent when nothing new was seen in them. */
  readonly shape?: LearntShape
}

/** The newest build that was seen at a capability. */
export interface LearntContract {
  readonly build: string
  /** ISO 8601, UTC. */
  readonly lastSeenAt: string
  readonly endpoints: readonly {
    readonly endpoint: string
    readonly exchanges: number
    readonly shape: LearntShape
  }[]
}

/** The document as it was recorded last, and the newest check of the service against it. */
export interface RecordedContract {
  readonly capability: string
  readonly build: string
  /** Of the document: another one makes an earlier check void. */
  readonly digest: string
  readonly document: object
  /** How many endpoints it tells. */
  readonly endpoints: number
  /** Epoch milliseconds. */
  readonly recordedAt: number
  readonly verified?: ContractCheck
}

export interface ContractCheck {
  /** Epoch milliseconds. */
  readonly at: number
  readonly pass: boolean
  readonly failures: number
  /** The service's build that answered. */
  readonly build: string
}

/** Every method throws STRANGLER_CONTROL_DATABASE_UNREACHABLE when the control database is away. */
export interface ContractStore {
  learn(rows: readonly LearntRow[]): Promise<void>
  learnt(capability: string): Promise<LearntContract | undefined>
  /** Replaces what was recorded before. A check of the same document stands, one of another is void. */
  record(contract: Omit<RecordedContract, 'recordedAt' | 'verified'>): Promise<RecordedContract>
  recorded(capability: string): Promise<RecordedContract | undefined>
  /** @returns false when another document has been recorded meanwhile: the check speaks of an old one, and is not kept */
  verified(check: {
    readonly capability: string
    readonly digest: string
    readonly pass: boolean
    readonly failures: number
    readonly build: string
  }): Promise<boolean>
}
