import type { RulesAnswer } from '../../admin/compare-contracts.ts'
import { live } from '../api/live.ts'
import { askFirst } from '../parts/asking.ts'
import { formatTime } from '../parts/format.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { isOperator } from '../session/session.ts'

/** The differences that somebody answers for. */
export function AcceptedList() {
  const version = live.routes.value.data?.version
  const { heard } = useAnswer<RulesAnswer>('/compare/rules', undefined, version)
  return (
    <section class="panel" aria-labelledby="accepted-title">
      <h2 id="accepted-title">Accepted differences</h2>
      <HeardBlock of={heard} what="what was accepted">
        {({ accepted }) => (
          <>
            {accepted.length === 0 && <Nothing title="No difference is accepted" />}
            <ul class="differences">
              {accepted.map((one) => (
                <li key={one.id} class="difference">
                  <span class={`pill ${one.isExpired ? 'bad' : 'good'}`}>
                    {one.isExpired ? 'expired' : 'stands'}
                  </span>
                  <div>
                    <strong>
                      <code>{one.path}</code>
                    </strong>{' '}
                    {one.kind} <code class="quiet small">{one.endpoint}</code>
                    <p class="quiet small">
                      {one.owner}: {one.because} · until {formatTime(one.expiresAt)}
                    </p>
                  </div>
                  <button
                    type="button"
                    class="button small"
                    disabled={!isOperator()}
                    onClick={() => reject(one, version ?? 0)}
                  >
                    Reject …<span class="visually-hidden"> {one.path}</span>
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </HeardBlock>
    </section>
  )
}

function reject({ id, path, endpoint }: RulesAnswer['accepted'][number], version: number): void {
  askFirst({
    ...{ title: `Reject the difference at ${path}`, confirm: 'Reject it', because: 'optional', version },
    does: [`From now on it counts as a mismatch of ${endpoint} again, and gates may close.`],
    back: 'It can be accepted again.',
    ...{ path: '/compare/reject', body: { id } },
  })
}
