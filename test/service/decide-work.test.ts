import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OwnerPosition } from '../../strangler/core/owner-words.ts'
import type { Side } from '../../strangler/core/words.ts'
import { decideWork, type WorkStep, type WorkView } from '../../strangler/service/decide-work.ts'

type Decide = (view: WorkView) => WorkStep
/** When the kit reads the journal for an answer: after the report has taken effect, or, in a broken twin, before. */
type Reading = 'after' | 'before'
type Act = 'report' | 'answer' | 'act' | 'hold' | 'change' | 'abort'

/**
 * A kit and two workers, one a side, whose steps fall in any order: a report takes effect, its answer is read later from the journal,
 * and arrives later still. The owner changes only when both workers have acknowledged the hold.
 */
function play(
  acts: readonly { readonly act: Act; readonly who: 0 | 1 }[],
  decide: Decide,
  reading: Reading = 'after',
): string[] {
  const kit = {
    owner: 'monolith' as Side,
    hold: 0,
    holds: 0,
    acknowledged: [undefined, undefined] as (string[] | undefined)[],
  }
  const workers = (['monolith', 'service'] as const).map((side) => ({
    side,
    isRunning: false,
    acknowledged: [] as readonly string[],
    claimed: undefined as readonly string[] | undefined,
    position: undefined as OwnerPosition | undefined,
    reported: false,
    answer: undefined as OwnerPosition | undefined,
    early: undefined as OwnerPosition | undefined,
  }))
  const broken: string[] = []
  const read = (): OwnerPosition => ({
    capability: 'c',
    owner: kit.owner,
    epoch: 0,
    hold: kit.hold === 0 ? null : { id: `h${kit.hold}`, phase: 'holding', expiresAt: '' },
    version: 0,
    tag: '',
  })
  for (const { act, who } of acts) {
    const worker = workers[who]!
    if (act === 'report' && !worker.reported) {
      worker.reported = true
      worker.answer = undefined
      if (reading === 'after') kit.acknowledged[who] = [...worker.acknowledged]
      else worker.early = read()
    } else if (act === 'answer' && worker.reported && worker.answer === undefined) {
      worker.answer = worker.early ?? read()
      kit.acknowledged[who] = [...worker.acknowledged]
    } else if (act === 'act' && worker.answer !== undefined) {
      worker.position = worker.answer
      worker.reported = false
      worker.answer = undefined
      for (let more = true; more; ) {
        const step = decide(worker)
        more = step.kind === 'start' || step.kind === 'stop'
        if (step.kind === 'start') worker.isRunning = true
        if (step.kind === 'stop') worker.isRunning = false
        if (step.kind === 'tell') worker.acknowledged = step.acknowledged
      }
    } else if (act === 'hold' && kit.hold === 0) kit.hold = ++kit.holds
    else if (act === 'abort') kit.hold = 0
    else if (act === 'change' && kit.hold !== 0) {
      // Who is not registered is not waited for.
      if (!kit.acknowledged.every((held) => held === undefined || held.includes(`h${kit.hold}`))) continue
      for (const { side, isRunning } of workers) if (isRunning) broken.push(`${side} runs through a change`)
      kit.owner = kit.owner === 'monolith' ? 'service' : 'monolith'
      kit.hold = 0
    }
    if (workers.every(({ isRunning }) => isRunning)) broken.push('both sides run')
  }
  return broken
}

const STEPS: readonly Act[] = ['report', 'answer', 'act']
const acts = fc.array(
  fc.record({
    act: fc.constantFrom<Act>(...STEPS, ...STEPS, ...STEPS, 'hold', 'change', 'change', 'abort'),
    who: fc.constantFrom<0 | 1>(0, 1),
  }),
  { minLength: 40, maxLength: 150, size: 'max' },
)

/** Acknowledges before its work has ended. */
const polite: Decide = (view) => {
  const { position, acknowledged, isRunning } = view
  const due = position?.hold == null ? [] : [position.hold.id]
  if (isRunning && due.join() !== acknowledged.join()) return { kind: 'tell', acknowledged: due }
  return decideWork(view)
}

describe('the decisions of a worker', () => {
  it('never let work run beside a change of the owner, nor on both sides, in whatever order things happen', () => {
    fc.assert(
      fc.property(acts, (played) => play(played, decideWork).length === 0),
      { numRuns: 5_000 },
    )
  })

  it('let work run at all', () => {
    let ran = 0
    const counting: Decide = (view) => {
      const step = decideWork(view)
      if (step.kind === 'start') ran += 1
      return step
    }
    fc.assert(
      fc.property(acts, (played) => void play(played, counting)),
      { numRuns: 500 },
    )
    expect(ran).toBeGreaterThan(100)
  })

  it.each<[string, Decide, Reading]>([
    ['a worker acknowledges before it has stopped', polite, 'after'],
    ['the kit reads the journal before the report has taken effect', decideWork, 'before'],
  ])('would, if %s', (_name, decide, reading) => {
    const found = fc.check(
      fc.property(acts, (played) => play(played, decide, reading).length === 0),
      { numRuns: 5_000 },
    )
    expect(found.failed).toBe(true)
  })
})
