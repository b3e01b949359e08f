/** All values of one header in a raw list (name, value, name, value …) as one, as RFC 9110 5.3 joins them. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const given = headers[at]!
    if (given.length !== name.length || given.toLowerCase() !== name) continue
    found = found === undefined ? (headers[at + 1] ?? '') : `${found}, ${headers[at + 1] ?? ''}`
  }
  return found
}
