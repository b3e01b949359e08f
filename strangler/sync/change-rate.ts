import type { Clock } from '../core/ports.ts'

const WINDOW_SECONDS = 10

/** How many a second there were lately, however many there are: of each of the last ten seconds only the number is kept. */
export interface ChangeRate {
  add(count: number): void
  /** Of the last ten whole seconds, or of those since it began. The second that is under way says nothing yet. */
  perSecond(): number
}

/** @param now in milliseconds; a clock that never goes back */
export function createChangeRate(now: Clock): ChangeRate {
  const secondOf = () => Math.floor((now() - begunAt) / 1_000)
  const begunAt = now()
  const counts = new Map<number, number>()
  const forgetBefore = (second: number) => {
    for (const known of counts.keys()) if (known < second) counts.delete(known)
  }
  return {
    add(count) {
      const second = secondOf()
      forgetBefore(second - WINDOW_SECONDS)
      counts.set(second, (counts.get(second) ?? 0) + count)
    },
    perSecond() {
      const second = secondOf()
      forgetBefore(second - WINDOW_SECONDS)
      const whole = Math.min(second, WINDOW_SECONDS)
      if (whole === 0) return 0
      const sum = [...counts].reduce((all, [at, count]) => (at < second ? all + count : all), 0)
      return sum / whole
    },
  }
}
