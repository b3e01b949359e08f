import type { HistoryAnswer } from '../../admin/contracts.ts'
import { formatSetting } from '../parts/format.ts'

type Entry = HistoryAnswer['entries'][number]
type Event = Entry['event']

export const KINDS = [
  'route.set',
  'route.cleared',
  'stage.entered',
  'cutover.announced',
  'cutover.started',
  'owner.changed',
  'cutover.aborted',
  'hold.started',
  'hold.released',
  'sync.started',
  'sync.paused',
  'sync.resumed',
  'sync.ended',
  'autopilot.started',
  'autopilot.stopped',
  'difference.accepted',
  'difference.rejected',
  'build.deployed',
  'endpoint.rare',
  'proxy.evicted',
] as const

/** Of an operator's toggle: whoever reads it later sees that its reason was left out. */
export const NO_REASON = 'no reason given'

export function sayReason({ because, event }: Pick<Entry, 'because' | 'event'>): string | undefined {
  const isToggle = event.kind === 'route.set' || event.kind === 'route.cleared'
  return because ?? (isToggle ? NO_REASON : undefined)
}

/** A decision as a sentence. */
export function sayEvent(event: Event): string {
  switch (event.kind) {
    case 'route.set':
      return `${event.endpoint} goes to ${formatSetting(event.setting)}${event.unsafe === true ? ', the data rules waived' : ''}`
    case 'route.cleared':
      return `${event.endpoint} goes by its stage again`
    case 'stage.entered': {
      const share = event.percent === undefined ? '' : ` ${event.percent} %`
      return `${event.capability} ${event.back === true ? 'goes back to' : 'enters'} ${event.step}${share}`
    }
    case 'cutover.announced':
      return `a cut-over of ${event.capability} to the ${event.to} is announced`
    case 'cutover.started':
      return `the cut-over of ${event.capability} to the ${event.to} begins`
    case 'owner.changed':
      return `the ${event.owner} owns ${event.capability}`
    case 'cutover.aborted':
      return `the cut-over of ${event.capability} is undone`
    case 'hold.started':
      return `writes of ${event.capability} are held`
    case 'hold.fenced':
      return `the hold of ${event.capability} is fenced`
    case 'hold.released':
    case 'hold.aborted':
      return `the hold of ${event.capability} ends`
    case 'sync.started':
      return `the sync of ${event.capability} begins, ${event.direction === 'reverse' ? 'from the service to the monolith' : 'from the monolith to the service'}`
    case 'sync.paused':
    case 'sync.resumed':
    case 'sync.ended':
      return `the sync of ${event.capability} is ${event.kind.slice('sync.'.length)}`
    case 'autopilot.started':
      return `the autopilot flies ${event.capability} (${event.until})`
    case 'autopilot.stopped':
      return `the autopilot leaves ${event.capability}`
    case 'difference.accepted':
      return `${event.owner} answers for ${event.difference} at ${event.path} of ${event.endpoint}`
    case 'difference.rejected':
      return `nobody answers any more for ${event.acceptance}`
    case 'build.deployed':
      return `${event.side} runs ${event.build}`
    case 'endpoint.rare':
      return `${event.endpoint} is ${event.rare ? 'rare' : 'not rare any more'}`
    case 'proxy.evicted':
      return `the registration ${event.registration} is evicted`
  }
}
