import { useState } from 'preact/hooks'
import type { SamplesAnswer } from '../../admin/compare-contracts.ts'
import { query } from '../api/ask.ts'
import { formatTime } from '../parts/format.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { linkTo, place } from '../shell/location.ts'
import { SampleView } from './sample-view.tsx'

const MOST = 30

/** The exchanges that were kept, of all endpoints or of one difference; one of them opened. */
export function SampleList({ capability }: { readonly capability: string }) {
  const endpoint = place.value.query.get('endpoint') ?? undefined
  const path = place.value.query.get('path')
  const [chosen, setChosen] = useState<string>()
  const [all, setAll] = useState(path !== null)
  const { heard } = useAnswer<SamplesAnswer>(
    `/compare/samples${query({ capability, endpoint, limit: 200, all: String(all) })}`,
    5_000,
  )
  return (
    <section class="panel" aria-labelledby="samples-title">
      <header class="card-head">
        <h2 id="samples-title">Samples</h2>
        {path !== null && (
          <span class="pill">
            <code>{path}</code> · <a href={linkTo('compare', capability)}>show all</a>
          </span>
        )}
      </header>
      <HeardBlock of={heard} what="the samples">
        {({ samples, noise }) => {
          const found = samples.filter(
            ({ differences }) => path === null || differences.some((one) => one.path === path),
          )
          const open = found.find(({ id }) => id === chosen) ?? found[0]
          const more = noise > 0 && (
            <button type="button" class="button small" onClick={() => setAll(true)}>
              Show {noise} more that {noise === 1 ? 'shows' : 'show'} nothing but noise
            </button>
          )
          if (open === undefined)
            return (
              <>
                <Nothing title="No sample is kept of this" />
                {more}
              </>
            )
          return (
            <>
              <label class="field">
                <span>Exchange</span>
                <select value={open.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {found.slice(0, MOST).map(({ id, at, endpoint, verdict, differences }) => (
                    <option key={id} value={id}>
                      {formatTime(at)} · {endpoint} · {verdict} ·{' '}
                      {differences.map((one) => one.path).join(', ')}
                    </option>
                  ))}
                </select>
              </label>
              {more}
              <SampleView key={open.id} id={open.id} />
            </>
          )
        }}
      </HeardBlock>
    </section>
  )
}
