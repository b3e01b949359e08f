import type { HistoryAnswer } from '../admin/contracts.ts'
import { showMode } from './parse-mode.ts'

type Event = HistoryAnswer['entries'][number]['event']

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
      return `sync of ${event.capability}: epoch ${event.epoch}${event.backfill ? ', backfill' : ''}`
    case 'sync.paused':
    case 'sync.resumed':
    case 'sync.ended':
      return `sync of ${event.capability}: ${event.kind.slice('sync.'.length)}`
    default:
      return `writes of ${event.capability}: hold ${event.kind.slice('hold.'.length)}`
  }
}

/** Local time to the second, as people compare it with a clock on the wall. */
export function showTime(iso: string): string {
  const time = new Date(iso)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
