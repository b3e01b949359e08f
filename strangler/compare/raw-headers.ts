/** The values of one header in a raw list (name, value, name, value …), in order. */
export function headerValues(headers: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() === name) values.push(headers[at + 1] ?? '')
  }
  return values
}

/** All values of a header as one, as RFC 9110 5.3 joins them. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  const values = headerValues(headers, name)
  return values.length === 0 ? undefined : values.join(', ')
}
