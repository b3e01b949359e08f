import { Nothing } from '../parts/heard-block.tsx'
import type { Sync } from './data-page.tsx'

const SHOWN = 50

/** The rows that the other side has refused, and why. */
export function QuarantineList({ rows }: { readonly rows: NonNullable<Sync['live']>['quarantine'] }) {
  return (
    <section class="panel" aria-labelledby="quarantine-title">
      <header class="card-head">
        <h2 id="quarantine-title">Quarantine</h2>
        {rows.length > 0 && <span class="pill bad">{rows.length}</span>}
      </header>
      {rows.length === 0 ? (
        <Nothing title="No row was refused" />
      ) : (
        <table class="stacking">
          <thead>
            <tr>
              <th>Row</th>
              <th>Why it was refused</th>
              <th class="numeric">Tried</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map(({ table, key, error, attempts }) => (
              <tr key={`${table} ${key}`}>
                <th scope="row">
                  <code>
                    {table} {key}
                  </code>
                </th>
                <td data-label="Why">{error}</td>
                <td data-label="Tried" class="numeric">
                  {attempts}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > SHOWN && <p class="quiet">{rows.length - SHOWN} more.</p>}
    </section>
  )
}
