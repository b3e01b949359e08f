/** One line of a body as it is shown. */
export interface BodyLine {
  readonly text: string
  readonly isMarked: boolean
}

/**
 * A body, line by line; JSON with a member a line, so that the one that differs can be marked.
 * @param marked paths as a report names them: `$.items[].price`
 * @param otherBody what it is held against: of all items that a path names only those are marked that differ from the one at their place there
 */
export function toLines(body: string, marked: readonly string[], otherBody = ''): BodyLine[] {
  const value = parse(body)
  if (value === undefined) return body.split('\n').map((text) => ({ text, isMarked: false }))
  const lines: BodyLine[] = []
  const other = parse(otherBody)
  write(value, { path: '$', indent: '', before: '', after: '', other }, { lines, marked: new Set(marked) })
  return lines
}

interface Place {
  readonly path: string
  readonly indent: string
  readonly before: string
  readonly after: string
  /** The other side's value at the same place. */
  readonly other: unknown
}

interface Page {
  readonly lines: BodyLine[]
  readonly marked: ReadonlySet<string>
}

function write(value: unknown, place: Place, page: Page): void {
  const { path, indent, before, after, other } = place
  const isMarked = page.marked.has(path) && JSON.stringify(value) !== JSON.stringify(other)
  const say = (text: string) => page.lines.push({ text: `${indent}${text}`, isMarked })
  if (typeof value !== 'object' || value === null)
    return void say(`${before}${JSON.stringify(value)}${after}`)
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return void say(`${before}${isList ? '[]' : '{}'}${after}`)
  say(`${before}${isList ? '[' : '{'}`)
  for (const [index, [name, inner]] of entries.entries()) {
    const comma = index === entries.length - 1 ? '' : ','
    const inside = { indent: `${indent}  `, after: comma, other: memberOf(other, name) }
    if (isList) write(inner, { ...inside, path: `${path}[]`, before: '' }, page)
    else write(inner, { ...inside, path: path + step(name), before: `${JSON.stringify(name)}: ` }, page)
  }
  say(`${isList ? ']' : '}'}${after}`)
}

/** A list's items are named by their numbers. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

const step = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Then it is shown as it is.
    return undefined
  }
}
