/**
 * Whether a number of JSON is, as a decimal, exactly what JavaScript writes for its double. For two numbers of which that is true,
 * equal doubles are equal numbers: what it writes is different for different doubles. So `27.790000000000003` needs no care, and
 * `12345678901234567890` does.
 */
export function isFaithful(text: string): boolean {
  const value = Number(text)
  // What JavaScript has written itself is the common case by far.
  if (String(value) === text) return true
  return Number.isFinite(value) && normalizeDecimal(String(value)) === normalizeDecimal(text)
}

/** One text per decimal: its digits without zeros at either end, and the exponent of the last one. `1.50` is `15e-1`. */
export function normalizeDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const { digits, trailing } = trimZeros(whole + fraction)
  if (digits === '') return '0'
  // Nobody means such an exponent; to read it would take longer than the rest.
  if (exponentText.length > 20) return text
  return `${sign}${digits}e${BigInt(exponentText) - BigInt(fraction.length) + BigInt(trailing)}`
}

/** By hand: `/0+$/` takes quadratic time on many zeros. */
function trimZeros(text: string): { digits: string; trailing: number } {
  let start = 0
  while (text[start] === '0') start += 1
  let end = text.length
  while (end > start && text[end - 1] === '0') end -= 1
  return { digits: text.slice(start, end), trailing: text.length - end }
}
