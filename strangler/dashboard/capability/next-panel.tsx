import { useState } from 'preact/hooks'
import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { askFirst } from '../parts/asking.ts'
import { countOf } from '../parts/format.ts'
import { GateList } from '../parts/gate-list.tsx'
import { Prose } from '../parts/prose.tsx'
import { isOperator } from '../session/session.ts'
import { describeNext } from './describe-step.ts'
import { Evidence } from './gather-evidence.tsx'

interface NextPanelProps {
  readonly guided: GuidedCapability
  readonly version: number
}

/** The next step as a checklist: its gates with their evidence, and the button that takes it. */
export function NextPanel({ guided, version }: NextPanelProps) {
  const { next } = guided
  const [overridden, setOverridden] = useState<readonly string[]>([])
  const [profile, setProfile] = useState<'default' | 'demo'>('default')
  if (next === undefined)
    return (
      <section class="panel" aria-labelledby="next-title">
        <h2 id="next-title">Every step is taken</h2>
      </section>
    )
  const closed = next.gates.filter(({ state }) => state !== 'pass').map(({ id }) => id)
  const waived = overridden.filter((id) => closed.includes(id))
  const isOpen = closed.every((id) => waived.includes(id))
  const title = next.percent === undefined ? next.title : `${next.title} (${next.percent} %)`
  return (
    <section class="panel" aria-labelledby="next-title">
      <header>
        <h2 id="next-title">Next: {title}</h2>
        <p class="quiet">{next.why}</p>
      </header>
      {next.gates.length === 0 ? (
        <p>No gate is before it.</p>
      ) : (
        <GateList gates={next.gates} withEvidence={true} />
      )}
      {isOperator() && closed.length > 0 && (
        <Overrides gates={closed} waived={waived} onChange={setOverridden} />
      )}
      <Evidence guided={guided} />
      {guided.step === undefined && (
        <label class="inline">
          <span>Gates</span>
          <select
            value={profile}
            onChange={(event) => setProfile(event.currentTarget.value === 'demo' ? 'demo' : 'default')}
          >
            <option value="default">as they are meant to be</option>
            <option value="demo">of a demo: the same, with windows of a minute</option>
          </select>
        </label>
      )}
      <div class="controls">
        <button
          type="button"
          class={`button ${waived.length === 0 ? 'primary' : 'danger'}`}
          disabled={!isOperator() || !isOpen}
          onClick={() => askFirst(describeNext(guided, { version, waived, profile }))}
        >
          {next.step === 'cutover' ? 'Cut over …' : 'Take the step …'}
        </button>
        {!isOpen && <span class="quiet">{countOf(closed.length, 'gate is', 'gates are')} not open.</span>}
        {!isOperator() && <span class="quiet">A viewer may look, not change.</span>}
      </div>
      <p class="quiet small">
        In a terminal: <Prose text={`\`${next.command}\``} />
      </p>
    </section>
  )
}

interface OverridesProps {
  readonly gates: readonly string[]
  readonly waived: readonly string[]
  readonly onChange: (waived: readonly string[]) => void
}

/** Passing a closed gate takes a person's word for each, and a reason that the journal keeps. */
function Overrides({ gates, waived, onChange }: OverridesProps) {
  return (
    <details class="evidence">
      <summary>Pass gates that are not open</summary>
      <fieldset class="checks">
        <legend class="quiet small">The journal keeps what they said, and your reason.</legend>
        {gates.map((id) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={waived.includes(id)}
              onChange={(event) =>
                onChange(event.currentTarget.checked ? [...waived, id] : waived.filter((one) => one !== id))
              }
            />{' '}
            {id}
          </label>
        ))}
      </fieldset>
    </details>
  )
}
