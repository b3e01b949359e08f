import { askFirst } from '../parts/asking.ts'
import { isOperator } from '../session/session.ts'
import type { Sync } from './data-page.tsx'

/** What may be done to a sync; installing it and taking it out again are steps of the guide. */
export function SyncSwitches({ sync, version }: { readonly sync: Sync; readonly version: number }) {
  const { capability, state } = sync
  if (state === 'not installed')
    return (
      <p class="quiet">
        The guide’s step “sync” installs it, or <code>npx strangler sync install {capability}</code>.
      </p>
    )
  const isRunning = state === 'running'
  const turn = () =>
    askFirst({
      ...{
        title: `${isRunning ? 'Pause' : 'Resume'} the sync of ${capability}`,
        because: 'optional',
        version,
      },
      does: isRunning
        ? [
            'Changes are captured and wait; the other side falls behind. Reads of a late copy go to the owner.',
          ]
        : ['The changes that have waited are carried over, in order.'],
      back: isRunning ? 'It can be resumed at any time; nothing is lost.' : 'It can be paused again.',
      confirm: isRunning ? 'Pause' : 'Resume',
      ...{ path: isRunning ? '/sync/pause' : '/sync/resume', body: { capability } },
    })
  const backfill = () =>
    askFirst({
      ...{
        title: `Copy every row of ${capability} anew`,
        because: 'optional',
        confirm: 'Copy them',
        version,
      },
      does: [
        'A new epoch begins, and every row is copied again beside the traffic. Reads of the copy go to the owner until it is done.',
      ],
      back: 'It can be paused. What is copied is copied.',
      ...{ path: '/sync/backfill', body: { capability } },
    })
  return (
    <div class="controls">
      <button type="button" class="button" disabled={!isOperator()} onClick={turn}>
        {isRunning ? 'Pause …' : 'Resume …'}
      </button>
      <button type="button" class="button" disabled={!isOperator()} onClick={backfill}>
        Copy anew …
      </button>
    </div>
  )
}
