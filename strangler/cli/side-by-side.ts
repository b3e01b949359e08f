/** One line of two texts beside each other; `same` when both have it. */
export interface PairedLine {
  readonly left: string
  readonly right: string
  readonly same: boolean
}

/** Longer texts are paired line by line instead: the search costs as much as their lengths multiplied. */
const MOST_CELLS = 4_000_000

/** Pairs the lines of two texts: what both have stands in one row (longest common subsequence). */
export function pairLines(left: readonly string[], right: readonly string[]): PairedLine[] {
  const rows: PairedLine[] = []
  let [i, j] = [0, 0]
  const onlyLeft: string[] = []
  const onlyRight: string[] = []
  const flush = () => {
    const count = Math.max(onlyLeft.length, onlyRight.length)
    for (let at = 0; at < count; at++)
      rows.push({ left: onlyLeft[at] ?? '', right: onlyRight[at] ?? '', same: false })
    onlyLeft.length = 0
    onlyRight.length = 0
  }
  const common = left.length * right.length > MOST_CELLS ? undefined : commonLengths(left, right)
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      flush()
      rows.push({ left: left[i]!, right: right[j]!, same: true })
      i += 1
      j += 1
      continue
    }
    const below = common?.[(i + 1) * (right.length + 1) + j] ?? 0
    const beside = common?.[i * (right.length + 1) + j + 1] ?? 0
    if (j >= right.length || (i < left.length && below >= beside)) onlyLeft.push(left[i++]!)
    else onlyRight.push(right[j++]!)
  }
  flush()
  return rows
}

function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array {
  const width = right.length + 1
  const lengths = new Uint32Array((left.length + 1) * width)
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  return lengths
}
