import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { points } from '../api/live.ts'
import { Prose } from '../parts/prose.tsx'
import { RollbackMeter } from '../parts/rollback-meter.tsx'
import { ShareBar } from '../parts/share-bar.tsx'
import { Track } from '../parts/track.tsx'
import { linkTo } from '../shell/location.ts'

/** One capability at a glance: where it is, who owns it, what comes next, and the way back. */
export function CapabilityCard({ guided }: { readonly guided: GuidedCapability }) {
  const { capability, owner, undo, autopilot } = guided
  const id = `card-${capability}`
  return (
    <section class="panel card" aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>
          <a class="card-link" href={linkTo('capability', capability)}>
            {capability}
          </a>
        </h2>
        <span class={`owner ${owner}`}>owned by the {owner}</span>
        {autopilot !== undefined && <span class="pill">autopilot: {autopilot.does}</span>}
        {guided.profile === 'demo' && <span class="pill">demo gates</span>}
      </header>
      <Track guided={guided} />
      <div class="card-facts">
        <div class="card-share">
          <CapabilityShare capability={capability} />
        </div>
        <RollbackMeter undo={undo} />
        <NextStep guided={guided} />
      </div>
    </section>
  )
}

function CapabilityShare({ capability }: { readonly capability: string }) {
  const lately = points.value.slice(-5).map(({ capabilities }) => capabilities[capability])
  const sum = (side: 'monolith' | 'service') => lately.reduce((total, one) => total + (one?.[side] ?? 0), 0)
  return <ShareBar label="Traffic" monolith={sum('monolith')} service={sum('service')} />
}

const SHOWN = 2

/** What may be done next, or what is in its way. */
function NextStep({ guided }: { readonly guided: GuidedCapability }) {
  const { next, capability } = guided
  if (next === undefined)
    return (
      <div class="next done">
        <strong>Every step is taken</strong>
      </div>
    )
  const closed = next.gates.filter(({ state }) => state !== 'pass')
  const title = next.percent === undefined ? next.title : `${next.title} (${next.percent} %)`
  return (
    <div class={`next ${closed.length === 0 ? 'open' : 'blocked'}`}>
      <strong>
        <span aria-hidden="true">{closed.length === 0 ? '→ ' : '◦ '}</span>
        Next: {title}
      </strong>
      {closed.length === 0 ? (
        <p>
          Every gate is open. <a href={linkTo('capability', capability)}>Take the step …</a>
        </p>
      ) : (
        <ul class="plain-list small">
          {closed.slice(0, SHOWN).map(({ id, reason }) => (
            <li key={id}>
              <Prose text={reason} />
            </li>
          ))}
          {closed.length > SHOWN && (
            <li>
              <a href={linkTo('capability', capability)}>
                {closed.length - SHOWN} more in the way of {capability}
              </a>
            </li>
          )}
        </ul>
      )}
    </div>
  )
}
