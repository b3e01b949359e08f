/** The names most like the one typed, best first: those that differ in at most half of their characters. */
export function nearestNames(typed: string, names: readonly string[], count = 3): string[] {
  const wanted = typed.slice(0, 200).toLowerCase()
  return names
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(wanted.length, name.length) / 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name)
}

/** Levenshtein: how many characters must be put in, taken out or replaced. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}

/** What to tell somebody who typed an unknown name: the nearest, else all when they are few, else the command that lists them. */
export function suggestNames(typed: string, names: readonly string[], listCommand: string): string {
  const quote = (name: string) => `"${name}"`
  const near = nearestNames(typed, names)
  if (near.length > 0) return `Did you mean ${near.map(quote).join(' or ')}?`
  if (names.length === 0) return 'There are none.'
  return names.length <= 10 ? `There are: ${names.map(quote).join(', ')}.` : `\`${listCommand}\` shows all.`
}
