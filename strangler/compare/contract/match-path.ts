/** `:sku` of Express' templates; the rest of a mixed segment is read as it stands. */
const PARAMETER = /^:(?:([\w$]+)|"([^"]+)")$/

/** The names of a template's parameters, in their order. Optional groups and wildcards are left to the router. */
export function parametersOf(template: string): string[] {
  return segmentsOf(template).flatMap((segment) => parameterOf(segment) ?? [])
}

/**
 * The values of a template's parameters in a path.
 * @returns undefined when the template has what is only decided by the router, or the path has other segments
 */
export function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = segmentsOf(template)
  const given = segmentsOf(path)
  if (wanted.length !== given.length) return undefined
  const values: [string, string][] = []
  for (const [at, segment] of wanted.entries()) {
    const name = parameterOf(segment)
    const text = decode(given[at] ?? '')
    if (name !== undefined) values.push([name, text])
    else if (text.toLowerCase() !== segment.toLowerCase()) return undefined
  }
  return Object.fromEntries(values)
}

/** The path with values in the place of its parameters; undefined when one is missing. */
export function fillPath(template: string, values: Readonly<Record<string, string>>): string | undefined {
  const filled = segmentsOf(template).map((segment) => {
    const name = parameterOf(segment)
    if (name === undefined) return segment
    return Object.hasOwn(values, name) ? encodeURIComponent(values[name] ?? '') : undefined
  })
  return filled.includes(undefined) ? undefined : `/${filled.join('/')}`
}

/** As OpenAPI writes it: `/api/inventory/{sku}`. */
export function toOpenApiPath(template: string): string {
  return `/${segmentsOf(template)
    .map((segment) => {
      const name = parameterOf(segment)
      return name === undefined ? segment : `{${name}}`
    })
    .join('/')}`
}

/** And back. */
export function fromOpenApiPath(path: string): string {
  return path.replaceAll(/\{([^{}/]+)\}/g, ':$1')
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

/** The name, if a segment of a template is a parameter. */
export function parameterOf(segment: string): string | undefined {
  const [, plain, quoted] = PARAMETER.exec(segment) ?? []
  return plain ?? quoted
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Broken percent-encoding: it is compared as it stands.
    return segment
  }
}
