/** What was measured of one monolith, gathered at one moment. What could not be measured is absent. */
export interface AssessFacts {
  readonly capabilities: readonly CapabilityFacts[]
  /** Requests that no capability names. */
  readonly elsewhere: number
  /** Why the database tells nothing. */
  readonly databaseProblem?: string | undefined
  /** All programs that are connected to the database now, but the kit's. */
  readonly sessions: readonly SessionFacts[]
}

export interface SessionFacts {
  readonly role: string
  readonly application: string
}

export interface CapabilityFacts {
  readonly capability: string
  readonly endpoints: readonly EndpointFacts[]
  /** Of its tables; absent: it has none, or the database was not looked at. */
  readonly data?: DataFacts | undefined
  /** With `--repo`. */
  readonly churn?: ChurnFacts | undefined
}

export interface EndpointFacts {
  readonly endpoint: string
  /** Since the kit watches; in the control database. */
  readonly requests: number
  readonly failures: number
  /** Of the process that was asked, since its start. */
  readonly times?: Times | undefined
}

/** How long requests took, in milliseconds. */
export interface Times {
  readonly count: number
  readonly totalMs: number
  readonly medianMs: number
  readonly p95Ms: number
}

export interface DataFacts {
  readonly tables: readonly TableFacts[]
  /** Foreign keys that a split would cut. */
  readonly cutKeys: readonly CutKey[]
  /** Transactions that were seen to change its tables together with others. */
  readonly couplings: readonly { readonly table: string; readonly other: string; readonly seen: number }[]
  /** Who has written to its tables, as far as the log of a sync knows; absent where none is installed. */
  readonly writers?: readonly SessionFacts[] | undefined
}

export interface TableFacts {
  readonly table: string
  /** By the database's own guess. */
  readonly rows: number
  /** Since the database counts; absent: it does not. */
  readonly writes?: number | undefined
}

export interface CutKey {
  readonly table: string
  readonly other: string
  /** `out`: the capability's table points to another's. */
  readonly way: 'in' | 'out'
  /** A delete on one side takes rows of the other along. */
  readonly cascades: boolean
}

export interface ChurnFacts {
  /** Commits of the last year that changed one of its files. */
  readonly commits: number
  readonly lines: number
  readonly files: number
  /** Files outside that change together with its own. */
  readonly coupled: readonly { readonly file: string; readonly other: string; readonly percent: number }[]
}
