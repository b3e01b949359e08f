import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { matchPath } from '../compare/contract/match-path.ts'
import { isPlainPath, readAt } from '../compare/contract/read-at.ts'

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array'] as const
type Type = (typeof TYPES)[number]

/** `string`, `string|null`, `string?`: of that type; or null; or not there at all. */
const reads = z.record(
  z.string().refine(isPlainPath, { error: 'is no path such as $.items[].sku' }),
  z.string().regex(new RegExp(`^(?:${TYPES.join('|')})(?:\\|null)?\\??$`)),
)

const expectations = z.strictObject({
  /** Who reads. */
  consumer: z.string().min(1).max(100),
  /** Who answers, or tells. */
  provider: z.string().min(1).max(100),
  calls: z
    .array(
      z.strictObject({
        /** `POST /api/inventory/reservations/:id/confirm`. */
        call: z.string().regex(/^[A-Z]+ \/\S*$/),
        /** What is read of an answer, by its status; an answer with another one is not understood. */
        answers: z.record(z.string().regex(/^[1-5]\d\d$/), reads),
      }),
    )
    .default([]),
  events: z.array(z.strictObject({ event: z.string().min(1).max(200), reads })).default([]),
})

/** What one service needs of another: the calls it makes, the events it hears, and the fields that it reads of both. */
export type Expectations = z.output<typeof expectations>

export interface ExpectationFailure {
  /** The consumer that would break. */
  readonly consumer: string
  /** `POST /reservations → 201`, or the name of an event. */
  readonly what: string
  /** `$.items[].sku`. */
  readonly path: string
  readonly expected: string
  /** Never a value. */
  readonly found: string
}

/** @throws ZodError that names the place, when the file is none */
export async function readExpectations(file: string | URL): Promise<Expectations> {
  return expectations.parse(JSON.parse(await readFile(file, 'utf8')))
}

export interface CallToCheck {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly body: unknown
}

/** What a consumer misses in a provider's answer; empty when it can work with it. A call that it does not make is one too many. */
export function checkCall(
  { consumer, calls }: Expectations,
  { method, path, status, body }: CallToCheck,
): ExpectationFailure[] {
  const [plain = ''] = path.split('?')
  const found = calls.find(({ call }) => {
    const [ofMethod, template = ''] = call.split(' ')
    return ofMethod === method.toUpperCase() && matchPath(template, plain) !== undefined
  })
  const what = `${found?.call ?? `${method} ${plain}`} → ${status}`
  if (found === undefined)
    return [{ consumer, what, path: 'call', expected: 'a call of the file', found: 'another one' }]
  const wanted = found.answers[String(status)]
  if (wanted === undefined) {
    const known = Object.keys(found.answers).join(', ')
    return [{ consumer, what, path: 'status', expected: `one of ${known}`, found: String(status) }]
  }
  return checkReads(wanted, body, { consumer, what })
}

/** What a consumer misses in the payload of an event. */
export function checkEvent(
  { consumer, events }: Expectations,
  { event, payload }: { readonly event: string; readonly payload: unknown },
): ExpectationFailure[] {
  const found = events.find((one) => one.event === event)
  if (found === undefined)
    return [{ consumer, what: event, path: 'event', expected: 'an event of the file', found: 'another one' }]
  return checkReads(found.reads, payload, { consumer, what: event })
}

function checkReads(
  wanted: Readonly<Record<string, string>>,
  value: unknown,
  where: Pick<ExpectationFailure, 'consumer' | 'what'>,
): ExpectationFailure[] {
  return Object.entries(wanted).flatMap(([path, expected]) => {
    const [type = ''] = expected.split(/[|?]/)
    const mayBeAbsent = expected.endsWith('?')
    const mayBeNull = expected.includes('|null')
    const wrong = readAt(value, path).filter((found) => {
      if (found === undefined) return !mayBeAbsent
      return found === null ? !mayBeNull : !isOf(type as Type, found)
    })
    return wrong.length === 0 ? [] : [{ ...where, path, expected, found: nameOf(wrong[0]) }]
  })
}

function isOf(type: Type, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value)
  return typeof value === type
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
