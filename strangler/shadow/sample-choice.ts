/** Which exchanges are kept whole: of each place the first few, and then one now and then. The control database keeps the latest of these. */
export interface SampleChoice {
  /** Whether one that differs at these places is wanted at this moment. */
  wants(places: readonly string[], now: number): boolean
}

const FIRST = 5
const EVERY_MS = 1_000
const MOST_PLACES = 5_000

export function createSampleChoice(): SampleChoice {
  const kept = new Map<string, { count: number; at: number }>()
  return {
    wants(places, now) {
      const wanted = places.filter((place) => {
        const present = kept.get(place)
        if (present === undefined) return kept.size < MOST_PLACES
        return present.count < FIRST || now - present.at >= EVERY_MS
      })
      for (const place of wanted) kept.set(place, { count: (kept.get(place)?.count ?? 0) + 1, at: now })
      return wanted.length > 0
    },
  }
}
