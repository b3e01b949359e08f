import { readFile } from 'node:fs/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { HistoryAnswer } from '../../strangler/admin/contracts.ts'
import { type ComparedRows, compareRows } from './compare-rows.ts'
import { holdP99 } from './note-holds.ts'
import { type Shoppers, USED } from './shoppers.ts'
import type { Tour } from './tour.ts'
import { look } from './walk.ts'

const CAPABILITIES = Object.keys(USED)
/** A whole tour is some sixty; each hold that is undone adds five. */
const LINES_READ = 1_000

/** What the tour has shown, in numbers that a script can look at; of both capabilities together unless it says otherwise. */
export interface DemoReport extends ComparedRows {
  readonly requests: number
  readonly failed: number
  readonly comparisons: number
  /** Of them, with a difference that is neither noise nor accepted. */
  readonly netMismatch: number
  /** Of the writes that were held, as the access log has them; where none came during a hold, the longest hold. */
  readonly holdP99Ms: number | null
  /** The inventory's. */
  readonly stage: string
  readonly step: string
  readonly ordersStage: string
  /** Holds that were undone, so that they would not become too long, and tried again by themselves. */
  readonly holdsRetried: number
  /** How often the ownership has moved. */
  readonly cutovers: number
  /** Gates that were passed although they were closed. */
  readonly overridden: number
  /** Why it did not come to its end. */
  readonly stoppedBy: string | null
}

export interface ReportOptions {
  readonly client: AdminClient
  readonly shoppers: Shoppers
  readonly tour: Tour
  readonly logFile: string
}

export async function writeReport({ client, shoppers, tour, logFile }: ReportOptions): Promise<DemoReport> {
  const compared = tour.compared ?? (await compareRows(client))
  const reports = (await client.compareReport({ hours: 1 })).capabilities
  const endpoints = reports.flatMap((one) => one.endpoints)
  const [inventory, orders] = await Promise.all(CAPABILITIES.map((name) => look(client, name)))
  const { requests, failed } = shoppers.totals()
  const held = await readHeld(logFile)
  return {
    ...{ requests, failed },
    comparisons: sum(endpoints.map(({ coverage }) => coverage.count)),
    netMismatch: sum(endpoints.map(({ rates }) => rates.net.count)),
    ...compared,
    holdP99Ms: holdP99(held, tour.holds),
    stage: inventory?.stage ?? 'observe',
    step: tour.inventory.position,
    ordersStage: orders?.stage ?? 'observe',
    ...(await readDecisions(client)),
    stoppedBy: tour.stoppedBy ?? null,
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

/** How long each write waited that was held at all. */
async function readHeld(logFile: string): Promise<number[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n')
  return lines.flatMap((line): number[] => {
    const waited = /"heldMs":([\d.]+)/.exec(line)?.[1]
    return waited === undefined || Number(waited) === 0 ? [] : [Math.round(Number(waited))]
  })
}

async function readDecisions(client: AdminClient): Promise<Decided> {
  const { entries } = await client.history({ limit: LINES_READ })
  return countDecisions(entries.map(({ event }) => event))
}

/** What the demo is there to show, whatever the machine: a script sees it by the exit code. */
export const isAsPromised = (report: DemoReport): boolean =>
  report.stoppedBy === null &&
  [report.failed, report.diverged, report.strayWrites, report.overridden].every((count) => count === 0)

type Event = HistoryAnswer['entries'][number]['event']
type Decided = Pick<DemoReport, 'holdsRetried' | 'cutovers' | 'overridden'>

/** What the journal has of the ownership's moves. */
export function countDecisions(events: readonly Event[]): Decided {
  const count = (wanted: Event['kind']) => events.filter(({ kind }) => kind === wanted).length
  const overridden = events.map((event) => (event.kind === 'stage.entered' ? (event.overridden ?? []) : []))
  return {
    holdsRetried: count('cutover.aborted'),
    cutovers: count('owner.changed'),
    overridden: overridden.flat().length,
  }
}
