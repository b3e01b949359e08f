import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { Shoppers } from './shoppers.ts'
import type { Walk } from './walk.ts'

const CAPABILITY = 'inventory'

/** What the walk has shown, in numbers that a script can look at. */
export interface DemoReport {
  readonly requests: number
  readonly failed: number
  readonly comparisons: number
  /** Of them, with a difference that is neither noise nor accepted. */
  readonly netMismatch: number
  readonly rowsVerified: number
  readonly diverged: number
  /** How long writes were held at most; null where no ownership has moved. */
  readonly holdP99Ms: number | null
  readonly strayWrites: number
  readonly stage: string
  readonly step: string
  /** Why the walk went no further than that. */
  readonly stoppedBy: string | null
}

export async function writeReport(
  client: AdminClient,
  shoppers: Shoppers,
  { position, heldMs, stoppedBy }: Walk,
): Promise<DemoReport> {
  const [report] = (await client.compareReport({ capability: CAPABILITY, hours: 1 })).capabilities
  const endpoints = report?.endpoints ?? []
  const live = (await client.syncs()).syncs.find(({ capability }) => capability === CAPABILITY)?.live
  const { compared = 0, missing = 0, extra = 0, different = 0 } = live?.verify ?? {}
  const [guided] = (await client.guide({ capability: CAPABILITY })).capabilities
  const { requests, failed } = shoppers.totals()
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)
  return {
    ...{ requests, failed },
    comparisons: sum(endpoints.map(({ coverage }) => coverage.count)),
    netMismatch: sum(endpoints.map(({ rates }) => rates.net.count)),
    rowsVerified: compared,
    diverged: missing + extra + different,
    holdP99Ms: heldMs ?? null,
    strayWrites: sum((live?.strayWrites ?? []).map(({ count }) => count)),
    stage: guided?.stage ?? 'observe',
    step: position,
    stoppedBy: stoppedBy ?? null,
  }
}
