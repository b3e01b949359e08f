import type { SyncCourse, SyncOrder } from '../core/words.ts'
import { claimDatabases } from './claim-database.ts'
import { directionOf } from './database-pair.ts'
import { type SourceAccess, unseen } from './source-access.ts'
import { type SourceParts, startSourceParts } from './source-parts.ts'
import type { SourceSyncOptions } from './source-sync.ts'
import { createTurns, type Runner } from './sync-runner.ts'

const RETRY_MS = 2_000

/** Makes what runs of the source's half the same as what the journal wants. */
export interface SourceRunner extends Pick<Runner, 'follow' | 'end' | 'failure' | 'inTurn' | 'stop'> {
  current(): SourceParts | undefined
}

/** As the runner of a whole sync, for a source whose target another program keeps. */
export function createSourceRunner(options: SourceSyncOptions, access: SourceAccess): SourceRunner {
  const { capability, service, full, report } = options
  const inTurn = createTurns()
  let wanted: SyncOrder | undefined
  let current: { readonly epoch: number; readonly parts: SourceParts } | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  async function endCurrent(): Promise<void> {
    const ending = current
    current = undefined
    await ending?.parts.stop()
  }
  async function settle(): Promise<void> {
    const order = stopped || wanted === undefined || isReverse(wanted) ? undefined : wanted
    if (current !== undefined && order?.epoch !== current.epoch) await endCurrent()
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) current = await begin(order)
    if (mayStart) await current?.parts.resume()
    else await current?.parts.pause()
    if (wanted !== undefined && isReverse(wanted) && full === undefined)
      throw unseen(capability, service, 'carry changes back')
    failure = undefined
  }
  async function begin(order: SyncOrder): Promise<typeof current> {
    const claim = await access.claim()
    const transport = await access.transport()
    const ends = { transport, source: await access.source(), routes: await access.readRoutes() }
    await claimDatabases([ends.source], claim)
    return { epoch: order.epoch, parts: await startSourceParts({ ...options, ...claim, ...ends, order }) }
  }
  function trySettle(): void {
    clearTimeout(retry)
    inTurn(settle).catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error)
      if (said !== failure) report(`sync.${capability}`, error)
      failure = said
      if (!stopped) retry = setTimeout(trySettle, RETRY_MS)
    })
  }

  return {
    inTurn,
    follow(order) {
      wanted = order
      trySettle()
    },
    async end() {
      wanted = undefined
      await inTurn(settle)
    },
    current: () => current?.parts,
    failure: () => failure,
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(endCurrent)
    },
  }
}

export function isReverse(course: SyncCourse): boolean {
  return directionOf(course) === 'reverse'
}
