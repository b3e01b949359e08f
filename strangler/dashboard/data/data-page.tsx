import type { SyncAnswer } from '../../admin/sync-contracts.ts'
import { live } from '../api/live.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { Prose } from '../parts/prose.tsx'
import { SubjectTabs } from '../parts/subject-tabs.tsx'
import { place } from '../shell/location.ts'
import { BackfillPanel } from './backfill-panel.tsx'
import { ExplainRow } from './explain-row.tsx'
import { LagPanel } from './lag-panel.tsx'
import { QuarantineList } from './quarantine-list.tsx'
import { StrayWrites } from './stray-writes.tsx'
import { SyncSwitches } from './sync-switches.tsx'
import { VerifyPanel } from './verify-panel.tsx'

export type Sync = SyncAnswer['syncs'][number]

/** How the data of each capability is carried over, and whether both sides are the same. */
export function DataPage() {
  return (
    <>
      <h1>Data</h1>
      <HeardBlock of={live.syncs.value} what="the data sync">
        {({ syncs, version }) => {
          const sync = syncs.find(({ capability }) => capability === place.value.about) ?? syncs[0]
          if (sync === undefined)
            return <Nothing title="No capability has tables">Its cut-over is a toggle then.</Nothing>
          return (
            <>
              <SubjectTabs
                page="data"
                names={syncs.map(({ capability }) => capability)}
                shown={sync.capability}
              />
              <SyncOf key={sync.capability} sync={sync} version={version} />
            </>
          )
        }}
      </HeardBlock>
    </>
  )
}

const WAYS = { forward: 'monolith → service', reverse: 'service → monolith' } as const

function SyncOf({ sync, version }: { readonly sync: Sync; readonly version: number }) {
  const { tables, state, direction, problem, live: now, lost } = sync
  return (
    <>
      <section class="panel" aria-labelledby="sync-title">
        <header class="card-head">
          <h2 id="sync-title">{direction === undefined ? 'Not installed' : WAYS[direction]}</h2>
          <span class={`pill ${state === 'running' ? 'good' : 'unsure'}`}>{state}</span>
          <span class="quiet small">{tables.join(', ')}</span>
        </header>
        {problem !== undefined && (
          <p class="note bad">
            <Prose text={problem} />
          </p>
        )}
        {lost !== undefined && (
          <p class="note unsure">
            The database of the {lost} had lost rows when this began: only a clean comparison shows that both
            are the same.
          </p>
        )}
        {now?.health !== undefined && now.health.state !== 'sound' && (
          <p class="note unsure">
            Capture is {now.health.state}. <Prose text={now.health.problems.join(' ')} />
          </p>
        )}
        <SyncSwitches sync={sync} version={version} />
      </section>
      {now !== undefined && (
        <>
          <LagPanel capability={sync.capability} now={now} />
          <div class="two">
            <BackfillPanel now={now} />
            <VerifyPanel capability={sync.capability} now={now} />
          </div>
          <QuarantineList rows={now.quarantine} />
          <StrayWrites writes={now.strayWrites} />
          <ExplainRow capability={sync.capability} tables={tables} />
        </>
      )}
    </>
  )
}
