/** How long the requests of one endpoint took: a histogram with bounds in seconds, each with how many were not longer. */
export interface Durations {
  readonly count: number
  readonly totalSeconds: number
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[]
}

const LINE = /^strangler_request_duration_seconds_(bucket|sum|count)\{([^}]*)\} (\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads them from the text of `/metrics`, both sides of an endpoint together. */
export function readDurations(text: string): Map<string, Durations> {
  const found = new Map<string, { count: number; totalSeconds: number; buckets: Map<number, number> }>()
  for (const line of text.split('\n')) {
    const [, kind, labels = '', value] = LINE.exec(line) ?? []
    if (kind === undefined) continue
    const names = Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, name = '', text = '']) => [name, unquote(text)]),
    )
    const endpoint = names['endpoint'] ?? '-'
    const present = found.get(endpoint) ?? { count: 0, totalSeconds: 0, buckets: new Map() }
    found.set(endpoint, present)
    const number = Number(value)
    if (kind === 'count') present.count += number
    else if (kind === 'sum') present.totalSeconds += number
    else {
      const upTo = names['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(names['le'])
      present.buckets.set(upTo, (present.buckets.get(upTo) ?? 0) + number)
    }
  }
  return new Map(
    [...found].map(([endpoint, { buckets, ...rest }]) => [
      endpoint,
      {
        ...rest,
        buckets: [...buckets].map(([upTo, count]) => ({ upTo, count })).sort((a, b) => a.upTo - b.upTo),
      },
    ]),
  )
}

const unquote = (text: string) =>
  text.replaceAll(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped))

/** Milliseconds that so large a share of the requests did not exceed, evenly spread within its bucket. */
export function quantileMs({ count, buckets }: Durations, share: number): number {
  const wanted = count * share
  let below = { upTo: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.count >= wanted && bucket.count > below.count) {
      // Beyond the last bound nothing is known but that it was longer.
      if (!Number.isFinite(bucket.upTo)) return below.upTo * 1_000
      const part = (wanted - below.count) / (bucket.count - below.count)
      return (below.upTo + (bucket.upTo - below.upTo) * part) * 1_000
    }
    below = bucket
  }
  return below.upTo * 1_000
}
