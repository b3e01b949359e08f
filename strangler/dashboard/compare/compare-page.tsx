import { useState } from 'preact/hooks'
import type { ReportAnswer } from '../../admin/compare-contracts.ts'
import { query } from '../api/ask.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { SubjectTabs } from '../parts/subject-tabs.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { place } from '../shell/location.ts'
import { AcceptedList } from './accepted-list.tsx'
import { DifferenceList } from './difference-list.tsx'
import { EndpointRates } from './endpoint-rates.tsx'
import { SampleList } from './sample-list.tsx'

const EVERY_MS = 5_000
const SPANS = [
  { hours: 1, name: 'the last hour' },
  { hours: 24, name: 'the last day' },
  { hours: 168, name: 'the last week' },
] as const

type Reported = ReportAnswer['capabilities'][number]

/** Where the answers of both sides differ, the worst first, and one exchange side by side. */
export function ComparePage() {
  const [hours, setHours] = useState(24)
  const { heard } = useAnswer<ReportAnswer>(`/compare/report${query({ hours })}`, EVERY_MS)
  return (
    <>
      <h1>Compare</h1>
      <HeardBlock of={heard} what="the comparisons">
        {({ capabilities }) => {
          const shown =
            capabilities.find(({ capability }) => capability === place.value.about) ?? capabilities[0]
          if (shown === undefined) return <Nothing title="The configuration names no capability yet" />
          return (
            <>
              <div class="controls spread">
                <SubjectTabs
                  page="compare"
                  names={capabilities.map(({ capability }) => capability)}
                  shown={shown.capability}
                />
                <label class="inline">
                  <span>Of</span>
                  <select value={hours} onChange={(event) => setHours(Number(event.currentTarget.value))}>
                    {SPANS.map((span) => (
                      <option key={span.hours} value={span.hours}>
                        {span.name}
                      </option>
                    ))}
                  </select>
                </label>
              </div>
              <Compared key={shown.capability} reported={shown} />
            </>
          )
        }}
      </HeardBlock>
    </>
  )
}

function Compared({ reported }: { readonly reported: Reported }) {
  const { capability, basis, warning, differences, endpoints } = reported
  if (basis === undefined)
    return (
      <section class="panel" aria-label="Comparisons">
        <Nothing title={`Nothing of ${capability} was compared yet`}>
          Its endpoints are compared while they are at shadow or canary.
        </Nothing>
      </section>
    )
  return (
    <>
      {warning !== undefined && <p class="note unsure">{warning}</p>}
      <p class="quiet small">
        Monolith {basis.monolithBuild} against service {basis.serviceBuild}. A deploy begins anew.
      </p>
      <EndpointRates endpoints={endpoints} />
      <DifferenceList capability={capability} differences={differences} />
      <SampleList capability={capability} />
      <AcceptedList />
    </>
  )
}
