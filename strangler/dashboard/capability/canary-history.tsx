import type { HistoryAnswer } from '../../admin/contracts.ts'
import { query } from '../api/ask.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { Plot } from '../parts/plot.tsx'
import { useAnswer } from '../parts/use-answer.ts'

const STEPS = 200

interface Share {
  readonly at: number
  readonly percent: number
}

/** How large a share of the reads the service was given by its steps, and when. */
export function CanaryHistory({
  capability,
  version,
}: {
  readonly capability: string
  readonly version: number
}) {
  const filter = query({ kind: 'stage.entered', text: capability, limit: STEPS })
  const { heard } = useAnswer<HistoryAnswer>(`/history${filter}`, undefined, version)
  return (
    <section class="panel" aria-labelledby="canary-title">
      <h2 id="canary-title">The service’s share</h2>
      <HeardBlock of={heard} what="the steps of before">
        {({ entries }) => {
          const shares = toShares(entries, capability)
          if (!shares.some(({ percent }) => percent > 0))
            return <Nothing title="No canary yet">Each step of the canary will show here.</Nothing>
          const now = { at: Date.now() / 1_000, percent: shares.at(-1)?.percent ?? 0 }
          const all = [...shares, now]
          return (
            <Plot
              title="Share of the reads"
              times={all.map(({ at }) => at)}
              lines={[
                {
                  label: 'service',
                  token: 'service',
                  isStepped: true,
                  values: all.map(({ percent }) => percent),
                },
              ]}
              measure={{ unit: ' %' }}
              format={(percent) => `${Math.round(percent)} %`}
              highest={100}
            />
          )
        }}
      </HeardBlock>
    </section>
  )
}

/** Oldest first. */
function toShares(entries: HistoryAnswer['entries'], capability: string): Share[] {
  return entries
    .flatMap(({ at, event }) => {
      if (event.kind !== 'stage.entered' || event.capability !== capability) return []
      const isOwned = event.stage === 'owned' || event.stage === 'retired'
      return [{ at: Date.parse(at) / 1_000, percent: event.percent ?? (isOwned ? 100 : 0) }]
    })
    .reverse()
}
