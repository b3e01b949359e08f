import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { askFirst } from '../parts/asking.ts'
import { Prose } from '../parts/prose.tsx'
import { isOperator } from '../session/session.ts'

const DOES = {
  next: 'It takes the next step now.',
  hold: 'It waits for gates.',
  back: 'It goes back, because users are hurt.',
  call: 'It waits for a person.',
  done: 'It has done what it may.',
} as const

/** Whether the kit takes the steps itself, and what it does now. */
export function Autopilot({
  guided,
  version,
}: {
  readonly guided: GuidedCapability
  readonly version: number
}) {
  const { capability, autopilot } = guided
  const turn = (until: 'cutover' | 'off') =>
    askFirst({
      ...{
        title:
          until === 'off' ? `Take ${capability} from the autopilot` : `Let the autopilot fly ${capability}`,
      },
      does:
        until === 'off'
          ? ['It takes no step any more. The capability stays where it is.']
          : [
              'It takes each step by itself as soon as all its gates are open, and waits while one is not known.',
              'It goes back at once when users are hurt. It never moves the ownership: before the cut-over it calls you.',
            ],
      back: 'You can take over at any moment, here or by `strangler migrate`.',
      ...{ confirm: until === 'off' ? 'Take over' : 'Let it fly', because: 'optional', version },
      ...{ path: '/migrate/auto', body: { capability, until } },
    })
  return (
    <section class="panel" aria-labelledby="autopilot-title">
      <header class="card-head">
        <h2 id="autopilot-title">Autopilot</h2>
        <span class={`pill ${autopilot === undefined ? '' : 'good'}`}>
          {autopilot === undefined ? 'off' : 'on'}
        </span>
      </header>
      {autopilot !== undefined && (
        <p>
          {DOES[autopilot.does]}{' '}
          <span class="quiet">
            <Prose text={autopilot.reason ?? ''} />
          </span>
        </p>
      )}
      <div class="controls">
        <button
          type="button"
          class="button"
          disabled={!isOperator() || guided.stage === 'retired'}
          onClick={() => turn(autopilot === undefined ? 'cutover' : 'off')}
        >
          {autopilot === undefined ? 'Let it fly …' : 'Take over …'}
        </button>
      </div>
    </section>
  )
}
