import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { live } from '../api/live.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { RollbackMeter } from '../parts/rollback-meter.tsx'
import { SubjectTabs } from '../parts/subject-tabs.tsx'
import { Track } from '../parts/track.tsx'
import { place } from '../shell/location.ts'
import { Autopilot } from './autopilot.tsx'
import { CanaryHistory } from './canary-history.tsx'
import { NextPanel } from './next-panel.tsx'
import { OwnEndpoints } from './own-endpoints.tsx'
import { WayBack } from './way-back.tsx'

/** The guide of one capability: where it is, what the next step asks for, and the way back. */
export function CapabilityPage() {
  return (
    <>
      <h1>Capability</h1>
      <HeardBlock of={live.guide.value} what="the guide">
        {({ capabilities, version, confirmed }) => {
          const guided =
            capabilities.find(({ capability }) => capability === place.value.about) ?? capabilities[0]
          if (guided === undefined) return <Nothing title="The configuration names no capability yet" />
          return (
            <>
              <SubjectTabs
                page="capability"
                names={capabilities.map(({ capability }) => capability)}
                shown={guided.capability}
              />
              {!confirmed && <p class="note unsure">The control database did not answer; this may be old.</p>}
              <Guide key={guided.capability} guided={guided} version={version} />
            </>
          )
        }}
      </HeardBlock>
    </>
  )
}

function Guide({ guided, version }: { readonly guided: GuidedCapability; readonly version: number }) {
  const { capability, owner, step, profile, undo, leftovers } = guided
  return (
    <>
      <section class="panel" aria-labelledby="where-title">
        <header class="card-head">
          <h2 id="where-title">{step === undefined ? 'Not begun yet' : step.title}</h2>
          <span class={`owner ${owner}`}>owned by the {owner}</span>
          {profile === 'demo' && <span class="pill">demo gates</span>}
        </header>
        <Track guided={guided} />
        <div class="two">
          <RollbackMeter undo={undo} />
          <WayBack guided={guided} version={version} />
        </div>
      </section>
      <div class="two wide-first">
        <NextPanel guided={guided} version={version} />
        <div class="stack">
          <Autopilot guided={guided} version={version} />
          <CanaryHistory capability={capability} version={version} />
        </div>
      </div>
      {leftovers !== undefined && (
        <section class="panel" aria-labelledby="leftovers-title">
          <h2 id="leftovers-title">What can be deleted from the monolith</h2>
          <p>Endpoints: {leftovers.endpoints.join(', ') || 'none'}</p>
          <p>Tables: {leftovers.tables.join(', ') || 'none'}</p>
        </section>
      )}
      <OwnEndpoints capability={capability} />
    </>
  )
}
