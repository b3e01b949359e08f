import { SHADOW_HEADER } from '../core/shadow-mark.ts'

/**
 * The headers of a shadow request: those that the side would have got, with its mark, and with what the configuration says otherwise.
 * @param replaced by name in lower case; null takes a header out
 */
export function shadowHeaders(
  raw: readonly string[],
  mark: string,
  replaced: Readonly<Record<string, string | null>> = {},
): string[] {
  const headers: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const lower = name.toLowerCase()
    if (lower !== SHADOW_HEADER && !Object.hasOwn(replaced, lower)) headers.push(name, raw[i + 1] as string)
  }
  for (const [name, value] of Object.entries(replaced)) if (value !== null) headers.push(name, value)
  headers.push(SHADOW_HEADER, mark)
  return headers
}
