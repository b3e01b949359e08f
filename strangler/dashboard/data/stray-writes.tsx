import { formatTime } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import type { Sync } from './data-page.tsx'

/** Writes by the side that does not own the tables. */
export function StrayWrites({ writes }: { readonly writes: NonNullable<Sync['live']>['strayWrites'] }) {
  return (
    <section class="panel" aria-labelledby="stray-title">
      <h2 id="stray-title">Stray writes</h2>
      {writes.length === 0 ? (
        <Nothing title="Only the owner writes" />
      ) : (
        <ul class="plain-list">
          {writes.map(({ table, count, lastAt, by }) => (
            <li key={table}>
              <code>{table}</code>: {count}, the last at {formatTime(lastAt)}, by {by.join(', ')}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
