import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { live } from '../api/live.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { CapabilityCard } from './capability-card.tsx'
import { Registered } from './registered.tsx'
import { SideCosts } from './side-costs.tsx'
import { TrafficPlots } from './traffic-plots.tsx'

/** Where every capability stands, and what the traffic does. */
export function OverviewPage() {
  return (
    <>
      <h1>Overview</h1>
      <HeardBlock of={live.guide.value} what="the state of the capabilities">
        {({ capabilities }) =>
          capabilities.length === 0 ? (
            <Nothing title="The configuration names no capability yet">
              <code>npx strangler assess</code> ranks what could move first.
            </Nothing>
          ) : (
            <div class="cards">
              {underWayFirst(capabilities).map((guided) => (
                <CapabilityCard key={guided.capability} guided={guided} />
              ))}
            </div>
          )
        }
      </HeardBlock>
      <TrafficPlots />
      <SideCosts />
      <Registered />
    </>
  )
}

/** What is under way is what people come to look at. */
function underWayFirst(capabilities: readonly GuidedCapability[]): GuidedCapability[] {
  const isUnderWay = ({ step, stage }: GuidedCapability) => step !== undefined && stage !== 'retired'
  return capabilities.toSorted((one, other) => Number(isUnderWay(other)) - Number(isUnderWay(one)))
}
