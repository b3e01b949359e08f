import type { HistoryAnswer } from '../admin/contracts.ts'
import { showMode } from './parse-mode.ts'

type Entry = HistoryAnswer['entries'][number]
type Event = Entry['event']

/** A decision in a few words. */
export function showEvent(event: Event): string {
  switch (event.kind) {
    case 'route.set':
      return `${event.endpoint} → ${showMode(event.setting)}${event.unsafe ? ' (unsafe)' : ''}`
    case 'route.cleared':
      return `${event.endpoint} → as configured`
    case 'proxy.evicted':
      return `${event.registration} evicted`
    case 'sync.started':
      return `sync of ${event.capability}: ${showStart(event)}`
    case 'sync.paused':
    case 'sync.resumed':
    case 'sync.ended':
      return `sync of ${event.capability}: ${event.kind.slice('sync.'.length)}`
    case 'cutover.announced':
      return `${event.capability}: a cut-over to the ${event.to} is announced`
    case 'cutover.started':
      return `${event.capability}: cut-over to the ${event.to} begins`
    case 'owner.changed':
      return `${event.capability}: the ${event.owner} owns, epoch ${event.epoch}`
    case 'cutover.aborted':
      return `${event.capability}: the cut-over is undone`
    case 'build.deployed':
      return `${event.side}: build ${event.build}`
    case 'difference.accepted':
      return `${event.endpoint}: ${event.difference} at ${event.path} is accepted by ${event.owner} until ${event.expiresAt.slice(0, 10)}`
    case 'difference.rejected':
      return `${event.acceptance} is accepted no longer`
    case 'stage.entered':
      return `${event.capability}: ${showStep(event)}`
    case 'autopilot.started':
      return `${event.capability}: autopilot on, until ${event.until === 'all' ? 'the end' : 'the cut-over'}`
    case 'autopilot.stopped':
      return `${event.capability}: autopilot off`
    case 'endpoint.rare':
      return `${event.endpoint} is ${event.rare ? '' : 'no longer '}marked as rare`
    default:
      return `writes of ${event.capability}: hold ${event.kind.slice('hold.'.length)}`
  }
}

function showStart(event: Extract<Event, { kind: 'sync.started' }>): string {
  return [
    `epoch ${event.epoch}`,
    ...(event.direction === 'reverse' ? ['service → monolith'] : []),
    ...(event.backfill ? ['backfill'] : []),
    ...(event.lost === undefined ? [] : [`its ${event.lost} had lost what it had`]),
  ].join(', ')
}

function showStep(event: Extract<Event, { kind: 'stage.entered' }>): string {
  const share = event.percent === undefined ? '' : ` ${event.percent} %`
  const overridden = event.overridden?.length ? `, in spite of ${event.overridden.join(', ')}` : ''
  return `${event.back ? 'back to ' : ''}step ${event.step}${share} (stage ${event.stage})${overridden}`
}

const NO_REASON = 'no reason given'

/** Why; an operator's toggle may have none, and whoever reads it later sees that it was left out. */
export function showReason({ because, event }: Pick<Entry, 'because' | 'event'>): string {
  return because ?? (event.kind === 'route.set' || event.kind === 'route.cleared' ? NO_REASON : '')
}

/** Of a mode that an operator has set and that stands. */
export function showOverrideReason(override: { readonly because?: string | undefined } | undefined): string {
  return override === undefined ? '' : (override.because ?? NO_REASON)
}

/** Local time to the second, as people compare it with a clock on the wall. */
export function showTime(iso: string): string {
  const time = new Date(iso)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
