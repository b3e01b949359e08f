/** What Prometheus’ client libraries, of any language, say of their process. */
export interface ProcessMetrics {
  readonly cpuSeconds: number | undefined
  readonly memoryBytes: number | undefined
}

/** Reads the two from the text format; several processes behind one address are added up. */
export function readProcessMetrics(text: string): ProcessMetrics {
  return {
    cpuSeconds: sumOf(text, 'process_cpu_seconds_total'),
    memoryBytes: sumOf(text, 'process_resident_memory_bytes'),
  }
}

function sumOf(text: string, name: string): number | undefined {
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? +([-+.eE\\d]+)`, 'gm'))].map(
    ([, value]) => Number(value),
  )
  const known = values.filter(Number.isFinite)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}
