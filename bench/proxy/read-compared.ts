/** What the kit's metrics say of the exchanges of one endpoint that might have been compared. */
export interface ComparedCounts {
  readonly compared: number
  /** Skipped, or left out because processors were short. */
  readonly others: number
}

const NOT_COMPARED = new Set(['skipped', 'gave-way'])

export async function readCompared(adminUrl: string, endpoint: string): Promise<ComparedCounts> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const counts = { compared: 0, others: 0 }
  for (const [, labels = '', value] of text.matchAll(/^strangler_comparisons_total\{(.*)\} (\d+)$/gm)) {
    if (!labels.includes(`endpoint="${endpoint}"`)) continue
    const verdict = /verdict="([^"]*)"/.exec(labels)?.[1] ?? ''
    counts[NOT_COMPARED.has(verdict) ? 'others' : 'compared'] += Number(value)
  }
  return counts
}
