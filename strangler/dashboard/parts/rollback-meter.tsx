import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { Prose } from './prose.tsx'

const METER = {
  free: { mark: '↩', word: 'Going back is free' },
  'needs-reverse-sync': { mark: '⇄', word: 'Going back is a cut-over' },
  impossible: { mark: '⊘', word: 'There is no way back' },
} as const

/** What going back costs now; on every view of a capability. */
export function RollbackMeter({ undo }: { readonly undo: GuidedCapability['undo'] }) {
  const { mark, word } = METER[undo.kind]
  return (
    <div class={`meter ${undo.kind}`}>
      <span class="meter-mark" aria-hidden="true">
        {mark}
      </span>
      <div>
        <strong>{word}</strong>
        <p class="quiet">
          <Prose text={undo.reason} />
        </p>
      </div>
    </div>
  )
}
