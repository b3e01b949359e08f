import { countMembers } from './body-values.ts'
import { parseExactJson } from './exact-json.ts'
import type { LiftedBody } from './lift-body.ts'
import { scanJson } from './scan-json.ts'

/** Deeper values than any API has; beneath it the walk cannot run out of stack. */
export const DEEPEST = 400

/** JSON text as a value; exactly, where `JSON.parse` would lose something: long numbers, and members of one name. */
export function liftJson(text: string, utf8: Uint8Array = Buffer.from(text)): LiftedBody {
  const scan = scanJson(utf8)
  if (scan.depth > DEEPEST) return { kind: 'skipped', reason: 'too-deep' }
  try {
    if (scan.losesPrecision) return { kind: 'value', value: parseExactJson(text) }
    const value: unknown = JSON.parse(text)
    const isWhole = typeof value !== 'object' || value === null || countMembers(value) === scan.members
    return { kind: 'value', value: isWhole ? value : parseExactJson(text) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { kind: 'undecodable', because: 'it is not JSON' }
  }
}
