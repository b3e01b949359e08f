import type { GuidedCapability, StepAnswer } from '../../admin/guide/migrate-contracts.ts'
import type { Asked } from '../parts/asking.ts'

/** Steps gather evidence again and may wait for databases. */
const STEP_TIMEOUT_MS = 60_000

const DOES: Readonly<Record<string, readonly string[]>> = {
  choose: ['It is chosen. Nothing changes for anybody.'],
  observe: ['Its traffic is measured. Every request goes where it went.'],
  contract: ['What the monolith answers counts as its contract. Every request goes where it went.'],
  sync: [
    'Triggers are put into the monolith’s database, and every row is copied to the service’s, while both are used.',
    'Requests go where they went.',
  ],
  shadow: [
    'The service gets a copy of every read, after its client was answered, and the answers are compared.',
  ],
  canary: [
    'The service answers this share of the users’ reads, always the same users. Writes stay with the monolith.',
  ],
  cutover: [
    'Writes are held for a moment, the last changes are copied, and the service owns the data from then on.',
    'If it cannot be done within the budget, everything is as before and the writes go on.',
  ],
  soak: ['It is watched: the way back stays open, and the monolith is compared with the service.'],
  retire: [
    'The reverse sync ends and the triggers are removed. The monolith’s tables get no change any more.',
  ],
}

const BACK: Readonly<Record<string, string>> = {
  cutover: 'Going back is a cut-over the other way, as short as this one, as long as the reverse sync runs.',
  soak: 'Going back is a cut-over the other way, as long as the reverse sync runs.',
  retire: 'There is no way back from it: the monolith does not get the changes any more.',
}

interface Choice {
  readonly version: number
  /** Gates that are passed although they are not open. */
  readonly waived: readonly string[]
  /** With the first step only: it stays the capability's own. */
  readonly profile: 'default' | 'demo'
}

/** The next step in words. */
export function describeNext(guided: GuidedCapability, { version, waived, profile }: Choice): Asked {
  const { capability, next, step } = guided
  const name = next?.percent === undefined ? next?.step : `${next.step} ${next.percent} %`
  const passed =
    waived.length === 0 ? [] : [`These gates are passed although they are not open: ${waived.join(', ')}.`]
  return {
    title: `Take ${capability} to ${name}`,
    does: [...(DOES[next?.step ?? ''] ?? []), ...passed],
    back: BACK[next?.step ?? ''] ?? 'One step back, at any time, at once and without any gate.',
    confirm: next?.step === 'cutover' ? 'Cut over' : 'Take the step',
    isDangerous: next?.step === 'retire' || waived.length > 0,
    because: waived.length > 0 ? 'required' : 'optional',
    path: next?.step === 'retire' ? '/migrate/retire' : '/migrate/next',
    body: {
      ...{ capability, override: waived },
      ...(next?.step === 'cutover' ? { only: 'cutover' } : {}),
      ...(step === undefined ? { profile } : {}),
    },
    ...{ version, timeoutMs: STEP_TIMEOUT_MS },
    done: (answer) => sayStep(answer as StepAnswer),
  }
}

/** The way back in words. */
export function describeBack(guided: GuidedCapability, version: number, toStart: boolean): Asked {
  const { capability, back, owner, undo } = guided
  const to = back?.percent === undefined ? back?.step : `${back.step} ${back.percent} %`
  const does =
    owner === 'service'
      ? [
          'Writes are held for a moment, the last changes are carried back, and the monolith owns the data again.',
        ]
      : ['Requests that go to the service by its stage go to the monolith again, at once.']
  return {
    title: toStart ? `Take ${capability} back to the start` : `Take ${capability} back to ${to}`,
    does: [...does, undo.reason],
    back: 'The steps forward can be taken again, with their gates.',
    confirm: 'Go back',
    because: 'optional',
    ...{ path: '/migrate/back', body: { capability, toStart }, version, timeoutMs: STEP_TIMEOUT_MS },
    done: (answer) => sayStep(answer as StepAnswer),
  }
}

function sayStep({ capability, position, heldMs, undoneMs = [] }: StepAnswer): string {
  const share = position.percent === undefined ? '' : ` ${position.percent} %`
  const held = heldMs === undefined ? '' : ` Writes waited ${heldMs} ms.`
  const times = undoneMs.map((ms) => `${ms} ms`).join(', ')
  const undone = times === '' ? '' : ` Holds that were undone and tried again before: ${times}.`
  return `${capability} stands at ${position.step}${share}.${held}${undone}`
}
