import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { Prose } from './prose.tsx'

type Gate = NonNullable<GuidedCapability['next']>['gates'][number]

const MARKS = { pass: '✓', fail: '✕', unknown: '?' } as const
const WORDS = { pass: 'open', fail: 'closed', unknown: 'not known yet' } as const

const rankOf = ({ state }: Gate) => ['fail', 'unknown', 'pass'].indexOf(state)

/** The gates of a step, with what was found and what gets what is missing; those in the way first. */
export function GateList({
  gates,
  withEvidence = false,
}: {
  readonly gates: readonly Gate[]
  readonly withEvidence?: boolean
}) {
  return (
    <ul class="gates">
      {gates
        .toSorted((one, other) => rankOf(one) - rankOf(other))
        .map((gate) => (
          <li key={gate.id} class={`gate ${gate.state}`}>
            <span class="gate-mark" aria-hidden="true">
              {MARKS[gate.state]}
            </span>
            <div class="gate-text">
              <span class="gate-name">{gate.id}</span> <span class="gate-state">{WORDS[gate.state]}</span>
              <p>
                <Prose text={gate.reason} />
              </p>
              {gate.fix !== '' && (
                <p class="quiet small">
                  <Prose text={gate.fix} />
                </p>
              )}
              {withEvidence && <Evidence gate={gate} />}
            </div>
          </li>
        ))}
    </ul>
  )
}

function Evidence({ gate }: { readonly gate: Gate }) {
  const entries = Object.entries(gate.evidence)
  if (entries.length === 0) return null
  return (
    <details class="evidence">
      <summary>
        Evidence <span class="visually-hidden">of {gate.id}</span>
      </summary>
      <dl class="pairs">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === null ? '–' : String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
