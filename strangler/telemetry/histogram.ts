import type { Metric, Registry } from 'prom-client'

/** What falls into the buckets of one combination of labels. */
export interface Observations {
  observe(value: number): void
}

export interface HistogramOptions<L extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly L[]
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[]
  readonly registers: readonly Registry[]
}

/** Observations of one combination of labels; every call begins another. */
export type ObservationsOf<L extends string> = (labels: Readonly<Record<L, string>>) => Observations

/**
 * A Prometheus histogram that is read as prom-client's is, text and workers' sum included. Theirs hashes its labels at every
 * observation, which every request would pay for twice (docs/decisions/0003-proxy-cost.md).
 */
export function createHistogram<L extends string>(options: HistogramOptions<L>): ObservationsOf<L> {
  const { name, help, labelNames, buckets, registers } = options
  const all: BucketCounts[] = []
  const metric = {
    ...{ name, help, type: 'histogram', labelNames, aggregator: 'sum' },
    get: async () => ({
      ...{ name, help, type: 'histogram', aggregator: 'sum' },
      values: all.flatMap((counts) => valuesOf(name, counts)),
    }),
    reset() {
      for (const counts of all) counts.clear()
    },
  }
  // The registry asks no more of a metric than this; its type knows only prom-client's own classes.
  for (const registry of registers) registry.registerMetric(metric as unknown as Metric<string>)
  return (labels) => {
    const counts = new BucketCounts(labels, buckets)
    all.push(counts)
    return counts
  }
}

class BucketCounts implements Observations {
  readonly labels: Readonly<Record<string, string>>
  readonly bounds: readonly number[]
  /** Not cumulative; the last is what is above every bound. */
  readonly inBucket: Float64Array
  sum = 0

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels
    this.bounds = bounds
    this.inBucket = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, inBucket } = this
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at += 1
    inBucket[at] = (inBucket[at] as number) + 1
    this.sum += value
  }

  clear(): void {
    this.inBucket.fill(0)
    this.sum = 0
  }
}

function valuesOf(name: string, { labels, bounds, inBucket, sum }: BucketCounts) {
  let count = 0
  const buckets = [...bounds, '+Inf'].map((le, at) => {
    count += inBucket[at] ?? 0
    return { labels: { le, ...labels }, value: count, metricName: `${name}_bucket` }
  })
  return [
    ...buckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ]
}
