import type { SeenBuilds } from './snapshot.ts'

/** Numbers as people read them in reasons. */

export function showDuration(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 1) return `${Math.round(ms)} ms`
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`
  const minutes = seconds / 60
  if (minutes < 120) return `${Math.round(minutes)} min`
  const hours = minutes / 60
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`
}

/** `0.00123` as `0.123 %`. */
export function showShare(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`
}

/** Builds as evidence has them; nothing where none were seen. */
export function nameBuilds(builds: SeenBuilds | undefined): Record<string, string> {
  return builds === undefined ? {} : { monolithBuild: builds.monolith, serviceBuild: builds.service }
}

/** How much more often one side fails than the other, by the lower end of the interval of the difference. */
export function showExcess({
  difference,
  low,
}: {
  readonly difference: number
  readonly low: number
}): string {
  // What is less would be shown as nothing.
  if (low >= 0.000_01)
    return `with 99 % certainty it fails in ${showShare(low)} more of its requests, at least`
  return difference > 0 ? 'that it fails more often may be chance' : 'it does not fail more often'
}

export function showCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** The first few of a list, and how many more there are. */
export function showSome(names: readonly string[], most = 3): string {
  const more = names.length > most ? ` and ${names.length - most} more` : ''
  return names.slice(0, most).join(', ') + more
}
