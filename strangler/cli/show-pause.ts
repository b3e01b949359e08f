import type { SyncAnswer } from '../admin/sync-contracts.ts'
import { showTime } from './show-event.ts'

type Sync = SyncAnswer['syncs'][number]

/** `since 2026-11-26 07:12:03, by operator:ana, because “a look”`; undefined where the sync is not paused. */
export function showPause({ state, pause }: Pick<Sync, 'state' | 'pause'>): string | undefined {
  if (state !== 'paused') return undefined
  // One that an older kit has kept on disk tells no more than that it stands.
  if (pause === undefined) return 'since nobody knows when'
  const because = pause.because === undefined ? '' : `, because “${pause.because}”`
  return `since ${showTime(pause.at)}, by ${pause.by}${because}`
}
