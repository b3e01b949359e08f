/** Some header names, asked for in whatever case they were received. */
export interface HeaderNames {
  has(name: string): boolean
}

/**
 * @param names in lower case. Nearly every header differs from all of them in length, and that is seen without lower-casing it: every
 * request asks this of every header.
 */
export function createHeaderNames(names: readonly string[]): HeaderNames {
  const known = new Set(names)
  const lengths: boolean[] = Array.from(
    { length: Math.max(...names.map(({ length }) => length)) + 1 },
    () => false,
  )
  for (const { length } of names) lengths[length] = true
  return { has: (name) => lengths[name.length] === true && known.has(name.toLowerCase()) }
}

/** The first value of a header in a raw list (name, value, name, value …). `name` in lower case. */
export function findHeader(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const found = raw[i] as string
    if (found.length === name.length && found.toLowerCase() === name) return raw[i + 1]
  }
  return undefined
}
