import type { z } from 'zod'

/** The keys that an object of the schema may have at a place, e.g. `['capabilities', 'stock']`; none where there is no object. */
export function knownKeys(schema: z.core.$ZodType, place: readonly PropertyKey[]): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
      return knownKeys(def.innerType, place)
    // A short form is turned into the long one first; the long one is what has keys.
    case 'pipe':
      return knownKeys(def.out, place)
    case 'union':
      return def.options.flatMap((option) => knownKeys(option, place))
    case 'record':
      return place.length === 0 ? [] : knownKeys(def.valueType, place.slice(1))
    case 'array':
      return place.length === 0 ? [] : knownKeys(def.element, place.slice(1))
    case 'object': {
      const [step, ...rest] = place
      if (step === undefined) return Object.keys(def.shape)
      const inner = def.shape[String(step)]
      return inner === undefined ? [] : knownKeys(inner, rest)
    }
    default:
      return []
  }
}
