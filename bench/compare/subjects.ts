import { create } from 'jsondiffpatch'
import microdiff from 'microdiff'
import { compareAnswers } from '../../strangler/compare/compare-answers.ts'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import type { CapturedAnswer } from '../../strangler/core/compare-words.ts'
import type { BodyPair } from './make-bodies.ts'

export type SubjectName = 'parse' | 'parseText' | 'kit' | 'jsondiffpatch' | 'microdiff'

/** Something that is timed. */
export interface Subject {
  readonly name: SubjectName
  /** At how many places the two differ; of `parse`, none that it knows of. */
  run(): number
}

/** All of them start from what a proxy has, the bytes of two answers; only `parseText` has been given the texts. */
export function makeSubjects({ primary, shadow }: BodyPair): Subject[] {
  const rules = compileRules()
  const [one, other] = [answerOf(primary), answerOf(shadow)]
  const read = ({ body }: { body: Buffer }): unknown => JSON.parse(body.toString())
  const patcher = create()
  return [
    { name: 'parse', run: () => (read(one) === read(other) ? 1 : 0) },
    { name: 'parseText', run: () => (JSON.parse(primary) === JSON.parse(shadow) ? 1 : 0) },
    {
      name: 'kit',
      run: () => {
        const found = compareAnswers(one, other, { method: 'GET', rules })
        if (found.kind === 'skipped') throw new Error(`the kit has skipped: ${found.reason}`)
        return found.kind === 'same' ? 0 : found.differences.reduce((sum, { count }) => sum + count, 0)
      },
    },
    { name: 'jsondiffpatch', run: () => countChanges(patcher.diff(read(one), read(other))) },
    // Its types want objects; a JSON body is one here.
    { name: 'microdiff', run: () => microdiff(read(one) as object, read(other) as object).length },
  ]
}

function answerOf(text: string): CapturedAnswer & { body: Buffer } {
  return { status: 200, headers: ['content-type', 'application/json'], body: Buffer.from(text), tookMs: 1 }
}

/** The leaves of a delta: `[old, new]` wherever something has changed. */
function countChanges(delta: unknown): number {
  if (Array.isArray(delta)) return 1
  if (typeof delta !== 'object' || delta === null) return 0
  return Object.values(delta).reduce<number>((sum, inner) => sum + countChanges(inner), 0)
}
