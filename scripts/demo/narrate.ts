import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import { showUndone } from '../../strangler/cli/show-undone.ts'
import type { StepId } from '../../strangler/core/guide-words.ts'
import { STEPS } from '../../strangler/guide/plan.ts'

type Next = NonNullable<GuidedCapability['next']>
type Gate = Next['gates'][number]

export type Say = (line: string) => void

const WIDTH = 110
const RULE = 78

/** `inventory · step 6 of 9 · canary 25 %`, what it does and why that is safe. */
export function announceStep(
  say: Say,
  capability: string,
  { title, why, ...position }: Next & { readonly isBrief?: boolean },
): void {
  const number = STEPS.findIndex(({ id }) => id === position.step) + 1
  const head = `── ${capability} · step ${number} of ${STEPS.length} · ${showPosition(position)} `
  say(`\n${head.padEnd(RULE, '─')}`)
  // Each percentage of a canary is a step of its own, and the same story.
  if (position.step === 'canary' && (position.percent ?? 0) > FIRST_SHARE) return
  const story = position.isBrief ? '' : ` ${why}${position.step === 'canary' ? HERE : ''}`
  tellLines(say, `${title}.${story}`)
}

const FIRST_SHARE = 10
const HERE = ' Here it begins with 10 %, because 1 % of a hundred shoppers may be nobody.'

interface Shown {
  readonly step: StepId
  readonly percent?: number | undefined
}

/** Sentences in lines that a terminal holds. `first` stands before the first of them, `indent` before the others. */
export function tellLines(say: Say, text: string, indent = '   ', first = indent): void {
  let line = first
  for (const word of text.split(' ')) {
    if (line.length + word.length >= WIDTH) {
      say(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  say(line.trimEnd())
}

/** Something that was done for the step. */
export function tellDone(say: Say, text: string): void {
  tellLines(say, `… ${text}`)
}

interface Held {
  readonly heldMs?: number | undefined
  readonly undoneMs?: readonly number[] | undefined
}

/** A write may have waited in a hold that was undone as well as in the one that has moved the ownership. */
export function longestHold({ heldMs = 0, undoneMs = [] }: Held): number {
  return Math.max(heldMs, ...undoneMs)
}

/** Holds that the kit has undone and tried again by itself: nobody has seen them, and they were there. */
export function tellUndone(say: Say, undoneMs: readonly number[] | undefined): void {
  const undone = showUndone(undoneMs)
  if (undone !== undefined)
    tellLines(say, `↺ ${undone}. That is as it should be: two short holds are less than a long one.`)
}

/** A cut-over that was undone for good, and that the demo asks for again. */
export function tellUndoing(say: Say, error: Error): void {
  if ((error as { code?: string }).code === 'STRANGLER_CUTOVER_UNDONE')
    tellLines(
      say,
      `↺ ${error.message} Nothing is lost, and the writes have gone on where they were. Once more.`,
    )
}

/** After so long without a word whoever looks on wonders. */
const QUIET_MS = 5_000
const SAID_AGAIN_MS = 20_000

/** Says what a step waits for: not for what opens at once, and again when it is something else or has gone on for long. */
export function createWaitTeller(say: Say, now = Date.now): (shut: readonly Gate[]) => void {
  let told = ''
  let tellAt = now() + QUIET_MS
  return (shut) => {
    const [first] = shut
    if (first === undefined || now() < tellAt) return
    const names = shut.map(({ id }) => id).join(', ')
    const which = shut.length === 1 ? '' : `${names}. `
    tellLines(say, `… ${names === told ? 'still' : 'it waits for'} ${which}${first.id}: ${first.reason}`)
    told = names
    tellAt = now() + SAID_AGAIN_MS
  }
}

const MARKS = { pass: '✓', fail: '✗', unknown: '?' } as const

export function tellGates(say: Say, gates: readonly Pick<Gate, 'id' | 'state' | 'reason'>[]): void {
  const width = Math.max(0, ...gates.map(({ id }) => id.length))
  for (const { id, state, reason } of gates)
    tellLines(say, reason, ' '.repeat(width + 7), `   ${MARKS[state]} ${id.padEnd(width)}  `)
}

/** What going back would cost now, as the guide has just measured it; said once for as long as it is the same. */
export function createWayBackTeller(say: Say): (guided: GuidedCapability) => void {
  let told: string | undefined
  return ({ capability, undo, back }) => {
    if (back === undefined) return
    const isKnown = told === undo.reason
    told = undo.reason
    const cost = isKnown ? 'As free as before.' : undo.reason
    tellLines(say, `↩ npx strangler migrate ${capability} back: ${cost}`)
  }
}

export function showPosition({ step, percent }: Shown): string {
  return percent === undefined ? step : `${step} ${percent} %`
}
