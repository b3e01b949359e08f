import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'

const STAGES = ['observe', 'sync', 'shadow', 'canary', 'owned', 'retired'] as const
const SAYS: Record<(typeof STAGES)[number], string> = {
  observe: 'traffic is measured',
  sync: 'data is copied',
  shadow: 'answers are compared',
  canary: 'a share reads there',
  owned: 'the service owns it',
  retired: 'nothing is left',
}

/** The stages of one capability as stations of a line, with the one that it stands at. */
export function Track({ guided }: { readonly guided: GuidedCapability }) {
  const { stage, step, hasTables, capability } = guided
  const stations = STAGES.filter((one) => one !== 'sync' || hasTables)
  const at = stations.indexOf(stage)
  const hasBegun = step !== undefined
  return (
    <ol class="track" aria-label={`The stages of ${capability}`}>
      {stations.map((name, index) => {
        const isHere = hasBegun && index === at
        const state = isHere ? 'here' : hasBegun && index < at ? 'passed' : 'ahead'
        const share = isHere && step?.percent !== undefined ? ` ${step.percent} %` : ''
        return (
          <li key={name} class={`station ${state}`} aria-current={isHere ? 'step' : undefined}>
            <span class="station-dot" aria-hidden="true">
              {state === 'passed' ? '✓' : ''}
            </span>
            <span class="station-name">
              {name}
              {share}
              <span class="visually-hidden">
                {isHere ? ', it stands here' : state === 'passed' ? ', passed' : ''}
              </span>
            </span>
            <span class="station-says">{SAYS[name]}</span>
          </li>
        )
      })}
    </ol>
  )
}
