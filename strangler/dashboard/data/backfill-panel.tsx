import { countOf, formatCount } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import { Prose } from '../parts/prose.tsx'
import type { Sync } from './data-page.tsx'

/** How far the copy of the rows that were there before has come. */
export function BackfillPanel({ now }: { readonly now: NonNullable<Sync['live']> }) {
  const { backfill, expectedRows } = now
  return (
    <section class="panel" aria-labelledby="backfill-title">
      <header class="card-head">
        <h2 id="backfill-title">Backfill</h2>
        {backfill !== undefined && (
          <span class={`pill ${backfill.state === 'done' ? 'good' : ''}`}>{backfill.state}</span>
        )}
      </header>
      {backfill === undefined ? (
        <Nothing title={now.runsHere ? 'Nothing is to be copied' : 'It runs in another process'} />
      ) : (
        <>
          {backfill.state === 'running' && expectedRows !== undefined && expectedRows > 0 && (
            <progress
              max={expectedRows}
              value={Math.min(backfill.rows, expectedRows)}
              aria-label="Rows copied"
            />
          )}
          <p>
            {countOf(backfill.rows, 'row')}
            {saysOfHowMany(now)}
            {backfill.table === undefined ? '' : `, now ${backfill.table}`}
          </p>
          {backfill.throttled !== undefined && (
            <p class="note unsure">
              It waits: <Prose text={backfill.throttled} />
            </p>
          )}
          {backfill.refused > 0 && (
            <p class="note bad">
              {countOf(backfill.refused, 'row was', 'rows were')} refused, the first:{' '}
              <Prose text={backfill.firstRefusal ?? ''} />
            </p>
          )}
        </>
      )}
    </section>
  )
}

/** The database's guess is worth something until it is known. */
function saysOfHowMany({ backfill, expectedRows }: NonNullable<Sync['live']>): string {
  if (backfill?.state === 'done') return ' copied'
  return expectedRows === undefined ? '' : ` of about ${formatCount(expectedRows)}`
}
