import { countOf, formatTime } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import type { Sync } from './data-page.tsx'

type StrayWrite = NonNullable<Sync['live']>['strayWrites'][number]

/** Writes by the side that does not own the tables. */
export function StrayWrites({ writes }: { readonly writes: readonly StrayWrite[] }) {
  const total = writes.reduce((sum, { count }) => sum + count, 0)
  return (
    <section class="panel" aria-labelledby="stray-title">
      <header class="card-head">
        <h2 id="stray-title">Stray writes</h2>
        {total > 0 && <span class="pill bad">{total}</span>}
      </header>
      {writes.length === 0 ? (
        <Nothing title="Only the owner writes" />
      ) : (
        <>
          <ul class="plain-list">
            {writes.map(({ table, count, lastAt, by }) => (
              <li key={table}>
                <code>{table}</code>: {countOf(count, 'write')}, the last at {formatTime(lastAt)}, by{' '}
                {by.join(', ')}. Nothing carries {count === 1 ? 'it' : 'them'} to the owner.
              </li>
            ))}
          </ul>
          <NewestRows writes={writes} />
        </>
      )}
    </section>
  )
}

/** Which rows, and which of their columns. What was in them is for whoever may read that database, where it is kept. */
function NewestRows({ writes }: { readonly writes: readonly StrayWrite[] }) {
  const rows = writes
    .flatMap(({ table, rows: own }) => own.map((row) => ({ table, ...row })))
    .toSorted((one, other) => other.at.localeCompare(one.at))
  if (rows.length === 0) return null
  return (
    <>
      <table class="stacking">
        <caption class="visually-hidden">The newest stray writes</caption>
        <thead>
          <tr>
            <th>Row</th>
            <th>What was done</th>
            <th>Columns</th>
            <th>When</th>
            <th>By</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ table, key, op, at, by, columns }, index) => (
            <tr key={`${index} ${table} ${key} ${at}`}>
              <th scope="row">
                <code>
                  {table} {key}
                </code>
              </th>
              <td data-label="What was done">{op}</td>
              <td data-label="Columns">
                <code>{columns.join(', ') || '–'}</code>
              </td>
              <td data-label="When">{formatTime(at)}</td>
              <td data-label="By">{by}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet small">
        The newest of them. What was in each before and after stands in that database, in{' '}
        <code>strangler.stray_write</code> (MariaDB: <code>strangler_stray_write</code>).
      </p>
    </>
  )
}
