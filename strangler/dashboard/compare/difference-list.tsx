import type { ReportAnswer } from '../../admin/compare-contracts.ts'
import { live } from '../api/live.ts'
import { askFirst } from '../parts/asking.ts'
import { formatCount, formatShare } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import { isOperator, readName } from '../session/session.ts'
import { linkTo } from '../shell/location.ts'

type Difference = ReportAnswer['capabilities'][number]['differences'][number]

const SHOWN = 100
const TONES = { real: 'bad', noise: '', unknown: 'unsure' } as const
const WORDS = { real: 'real', noise: 'noise', unknown: 'not known yet' } as const

interface DifferenceListProps {
  readonly capability: string
  readonly differences: readonly Difference[]
}

/** The differences of a capability, the worst first; one wrong field is one line, however many answers have it. */
export function DifferenceList({ capability, differences }: DifferenceListProps) {
  return (
    <section class="panel" aria-labelledby="differences-title">
      <h2 id="differences-title">Differences</h2>
      {differences.length === 0 && <Nothing title="The answers do not differ" />}
      <ol class="differences">
        {differences.slice(0, SHOWN).map((one) => (
          <Line key={`${one.endpoint} ${one.kind} ${one.path}`} capability={capability} of={one} />
        ))}
      </ol>
      {differences.length > SHOWN && <p class="quiet">{differences.length - SHOWN} more, less bad ones.</p>}
    </section>
  )
}

function Line({ capability, of }: { readonly capability: string; readonly of: Difference }) {
  const { endpoint, path, kind, verdict, isAccepted, differing, calibrated, noisy, weight, foundFrom } = of
  return (
    <li class="difference">
      <span class={`pill ${isAccepted ? '' : TONES[verdict]}`}>
        {isAccepted ? 'accepted' : WORDS[verdict]}
      </span>
      <div>
        <strong>
          <code>{path}</code>
        </strong>{' '}
        <span>{kind}</span>
        <p class="quiet small">
          <code>{endpoint}</code> · differs in {formatCount(differing.count)} of {formatCount(differing.of)} (
          {formatShare(differing.share, 2)}) · the monolith differs from itself in {formatCount(noisy)} of{' '}
          {formatCount(calibrated)}
          {weight > 1 ? ` · ${weight.toFixed(1)} fields beside each other differ there` : ''}
        </p>
        {!isAccepted && foundFrom !== undefined && (
          <p class="quiet small">
            A bug here is found when it changes some {formatCount(foundFrom.count)} of{' '}
            {formatCount(foundFrom.of)} answers. Is it data that moves? <code>compare.neverNoise</code> calls
            nothing at this path noise.
          </p>
        )}
      </div>
      <div class="controls">
        <a class="button small" href={linkTo('compare', capability, { endpoint, path })}>
          Samples<span class="visually-hidden"> of {path}</span>
        </a>
        {!isAccepted && (
          <button type="button" class="button small" disabled={!isOperator()} onClick={() => accept(of)}>
            Accept …<span class="visually-hidden"> {path}</span>
          </button>
        )}
      </div>
    </li>
  )
}

function accept({ endpoint, path, kind }: Difference): void {
  askFirst({
    ...{ title: `Accept that ${path} differs`, confirm: 'Accept it', because: 'required' },
    does: [
      `${kind} at ${path} of ${endpoint} counts as accepted from now on, and no more as a mismatch.`,
      'Somebody answers for it until the day it ends. The last steps cannot be passed while an expired one is there.',
    ],
    back: 'It can be rejected at any time; what was counted stays counted.',
    fields: [
      { name: 'path', label: 'Where (a path, * and ** stand for any)', kind: 'text', value: path },
      { name: 'owner', label: 'Who answers for it', kind: 'text', value: readName() },
      { name: 'days', label: 'For how many days', kind: 'number', value: '30', min: 1, max: 365 },
    ],
    ...{ path: '/compare/accept', body: { endpoint, kind } },
    version: live.routes.value.data?.version ?? 0,
  })
}
