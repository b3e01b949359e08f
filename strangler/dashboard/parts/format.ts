/** Numbers and times as people read them. */

export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0'
  return perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond))
}

export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms === 0) return '0 ms'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  return formatSpan(ms)
}

export function formatSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

export function formatShare(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined) return '–'
  const percent = share * 100
  if (percent > 0 && percent < 0.1) return `${percent.toPrecision(1)} %`
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : digits)} %`
}

export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

/** A count with its noun; its plural has an s unless another one is given. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export function formatTime(iso: string): string {
  const at = new Date(iso)
  const isToday = at.toDateString() === new Date().toDateString()
  const time = at.toLocaleTimeString('en-GB')
  return isToday ? time : `${at.toLocaleDateString('en-CA')} ${time.slice(0, 5)}`
}

/** Epoch seconds on an axis: as much of each as tells it from its neighbour. */
export function formatTicks(times: readonly number[]): string[] {
  const [first = 0, second = first] = times
  const apart = second - first
  const says = (at: number): string => {
    const time = new Date(at * 1_000)
    if (apart >= 86_400) return time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
    return time.toLocaleTimeString('en-GB').slice(0, apart < 60 ? 8 : 5)
  }
  return times.map(says)
}

/** Values on an axis, with as many digits as tell each from its neighbour. */
export function formatLevels(values: readonly number[], measure: Measure): string[] {
  // Four digits of milliseconds do not fit beside a plot.
  const isSlow = measure.unit === ' ms' && (values.at(-1) ?? 0) >= 1_000
  const { unit, scale = 1 } = isSlow ? { unit: ' s', scale: 0.001 } : measure
  const [first = 0, second = first + 1] = values
  const apart = Math.abs(second - first) * scale
  // A step of 0.25 wants two digits, one of 0.5 and of 5 as many as they have.
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(apart))))
  return values.map((value) => `${Number((value * scale).toFixed(digits)).toLocaleString('en')}${unit}`)
}

/** What an axis is measured in; `scale` makes it of the values. */
export interface Measure {
  readonly unit: string
  readonly scale?: number
}

export function formatBytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`
}

export function formatSetting(setting: { readonly mode: string; readonly percent?: number }): string {
  return setting.percent === undefined ? setting.mode : `${setting.mode} ${setting.percent} %`
}
