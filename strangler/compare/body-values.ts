import { AmbiguousObject, ExactNumber } from './exact-json.ts'

/** Stands where a side has nothing. */
export const ABSENT = Symbol('absent')

export type Members = Readonly<Record<string, unknown>>

/** An object or a list: what has places beneath it. */
export function isBranch(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof ExactNumber) &&
    !(value instanceof AmbiguousObject)
  )
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (value instanceof ExactNumber) return 'number'
  return typeof value
}

/** Members of all objects beneath a value. Its depth must be bounded. */
export function countMembers(value: unknown): number {
  let count = 0
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const entry: unknown = value[index]
      if (typeof entry === 'object' && entry !== null) count += countMembers(entry)
    }
    return count
  }
  for (const name in value as Members) {
    count += 1
    const member = (value as Members)[name]
    if (typeof member === 'object' && member !== null) count += countMembers(member)
  }
  return count
}
