import { parsePathGlob } from '../path-glob.ts'

/** Whether a text is a path without wildcards: `$`, `$.items[].sku`. */
export function isPlainPath(path: string): boolean {
  const steps = path.startsWith('$') ? parsePathGlob(path)?.steps : undefined
  return steps?.every((step) => step === 'entry' || typeof step === 'object') === true
}

/**
 * Every value at a path, `[]` being each entry of a list. `undefined` stands for each place where it is not: a member that is missing,
 * or something that is no object or list.
 */
export function readAt(value: unknown, path: string): unknown[] {
  let found: unknown[] = [value]
  for (const step of parsePathGlob(path)?.steps ?? []) {
    found = found.flatMap((one): unknown[] => {
      if (step === 'entry') return Array.isArray(one) ? one : [undefined]
      if (typeof step !== 'object' || typeof one !== 'object' || one === null) return [undefined]
      return [Object.hasOwn(one, step.name) ? (one as Record<string, unknown>)[step.name] : undefined]
    })
  }
  return found
}
