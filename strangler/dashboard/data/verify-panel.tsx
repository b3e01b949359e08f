import { askFirst } from '../parts/asking.ts'
import { countOf, formatCount, formatMs, formatTime } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import { isOperator } from '../session/session.ts'
import type { Sync } from './data-page.tsx'

type Live = NonNullable<Sync['live']>
type Verify = NonNullable<Live['verify']>

interface VerifyPanelProps {
  readonly capability: string
  readonly now: Live
}

/** What the newest comparison of all rows has found. */
export function VerifyPanel({ capability, now }: VerifyPanelProps) {
  const { verify } = now
  const wrong =
    verify === undefined ? 0 : (verify.missing ?? 0) + (verify.extra ?? 0) + (verify.different ?? 0)
  return (
    <section class="panel" aria-labelledby="verify-title">
      <header class="card-head">
        <h2 id="verify-title">Comparison of all rows</h2>
        {verify !== undefined && (
          <span class={`pill ${verify.state !== 'done' ? 'unsure' : wrong === 0 ? 'good' : 'bad'}`}>
            {verify.state !== 'done'
              ? verify.state
              : wrong === 0
                ? 'the same'
                : `${formatCount(wrong)} ${wrong === 1 ? 'differs' : 'differ'}`}
          </span>
        )}
      </header>
      {verify === undefined ? <Nothing title="Not compared yet" /> : <Found verify={verify} />}
      <div class="controls">
        <button
          type="button"
          class="button"
          disabled={!isOperator() || verify?.state === 'running'}
          onClick={() => compare(capability)}
        >
          Compare all rows …
        </button>
        {verify?.state === 'done' && wrong > 0 && (
          <button
            type="button"
            class="button"
            disabled={!isOperator()}
            onClick={() => repair(capability, wrong)}
          >
            Repair …
          </button>
        )}
      </div>
    </section>
  )
}

function Found({ verify }: { readonly verify: Verify }) {
  const { compared, missing, extra, different, inFlight, tookMs, startedAt, samples = [], error } = verify
  return (
    <>
      {error !== undefined && <p class="note bad">{error}</p>}
      <p>
        {countOf(compared ?? 0, 'row')} compared: {missing ?? 0} missing, {extra ?? 0} extra, {different ?? 0}{' '}
        different, {inFlight ?? 0} on {inFlight === 1 ? 'its' : 'their'} way.
        {startedAt !== undefined && (
          <span class="quiet">
            {' '}
            At {formatTime(startedAt)}
            {tookMs === undefined ? '' : `, in ${formatMs(tookMs)}`}.
          </span>
        )}
      </p>
      {samples.length > 0 && (
        <table class="stacking">
          <thead>
            <tr>
              <th>Row</th>
              <th>How</th>
              <th>Columns</th>
            </tr>
          </thead>
          <tbody>
            {samples.map(({ table, key, kind, columns }) => (
              <tr key={`${table} ${key}`}>
                <th scope="row">
                  <code>
                    {table} {key}
                  </code>
                </th>
                <td data-label="How">{kind === 'inFlight' ? 'on its way' : kind}</td>
                <td data-label="Columns">
                  <code>{columns.join(', ') || '–'}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function compare(capability: string): void {
  askFirst({
    ...{ title: `Compare all rows of ${capability}`, confirm: 'Compare them', version: undefined },
    does: ['Every row of both databases is read once, in small pieces. Nothing is changed.'],
    back: 'There is nothing to go back from.',
    ...{ path: '/sync/verify', body: { capability } },
    done: (answer) =>
      (answer as { started: boolean }).started
        ? 'The rows are being compared.'
        : 'They are being compared already.',
  })
}

function repair(capability: string, wrong: number): void {
  askFirst({
    ...{ title: `Repair ${capability}`, confirm: 'Repair them', isDangerous: true, version: undefined },
    does: [
      `${countOf(wrong, 'row')} that the comparison found ${wrong === 1 ? 'is' : 'are'} copied anew from the owner, over what the other side has.`,
      'A row that has changed meanwhile is left to its change.',
    ],
    back: 'What the other side had in those rows is gone. The owner’s rows are not touched.',
    ...{ path: '/sync/repair', body: { capability } },
    done: (answer) => {
      const { repaired, refused, left } = answer as { repaired: number; refused: number; left: number }
      return `${countOf(repaired, 'row')} repaired, ${refused} refused, ${left} left.`
    },
  })
}
