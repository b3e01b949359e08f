import { showCount } from '../guide/show.ts'

interface ShownShare {
  readonly count: number
  readonly of: number
  readonly share: number | null
  readonly low: number
  readonly high: number
}

/** `12 of 6,000 = 0.20 %`, and with its 95 % interval where a decision hangs on it. */
export function showShare({ count, of, share, low, high }: ShownShare, withInterval = false): string {
  if (share === null) return '-'
  const interval = withInterval ? ` (${percent(low)}–${percent(high)})` : ''
  return `${showCount(count)} of ${showCount(of)} = ${percent(share)} %${interval}`
}

function percent(share: number): string {
  const value = share * 100
  return value === 0 || value === 100 ? String(value) : value.toFixed(value < 0.1 ? 3 : 2)
}
