import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { askFirst } from '../parts/asking.ts'
import { isOperator } from '../session/session.ts'
import { describeBack } from './describe-step.ts'

/** One step back, or all of them. */
export function WayBack({
  guided,
  version,
}: {
  readonly guided: GuidedCapability
  readonly version: number
}) {
  const { back } = guided
  if (back === undefined) return null
  const to = back.percent === undefined ? back.step : `${back.step} ${back.percent} %`
  const isShut = !isOperator() || guided.undo.kind === 'impossible'
  return (
    <div class="controls end">
      <button
        type="button"
        class="button"
        disabled={isShut}
        onClick={() => askFirst(describeBack(guided, version, false))}
      >
        Back to {to} …
      </button>
      <button
        type="button"
        class="button"
        disabled={isShut}
        onClick={() => askFirst(describeBack(guided, version, true))}
      >
        Back to the start …
      </button>
    </div>
  )
}
