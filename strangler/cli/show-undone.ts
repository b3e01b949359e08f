import { countOf } from '../core/count-of.ts'

/** `Before that 2 holds (650 ms, 702 ms) were undone and tried again`; undefined where the first one has done it. */
export function showUndone(undoneMs: readonly number[] = []): string | undefined {
  if (undoneMs.length === 0) return undefined
  const times = undoneMs.map((ms) => `${ms} ms`).join(', ')
  return `Before that ${countOf(undoneMs.length, 'hold was', 'holds were')} undone and tried again (${times}), so that no write waited for long`
}
