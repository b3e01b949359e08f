/** What people name in one word: an endpoint has a space in it, a capability has none. */
export function parseWhere(name: string | undefined): { capability?: string; endpoint?: string } {
  if (name === undefined) return {}
  const [method = '', ...rest] = name.trim().split(/\s+/)
  if (rest.length === 0) return { capability: method }
  return { endpoint: [method.toUpperCase(), ...rest].join(' ') }
}
