import type { GuidedCapability } from '../admin/guide/migrate-contracts.ts'
import { countOf } from '../core/count-of.ts'
import type { GateResult } from '../core/guide-words.ts'
import { paint, type Terminal, writeLine } from './terminal.ts'

const MARK = { pass: ['✓', 'green'], fail: ['✗', 'red'], unknown: ['?', 'yellow'] } as const
const METER = { free: 'free', 'needs-reverse-sync': 'possible', impossible: 'not possible' } as const

const DOES = {
  next: 'takes the next step',
  hold: 'waits',
  back: 'goes back',
  call: 'calls a person',
  done: 'done',
} as const

export function showPosition({ step, percent }: { step: string; percent?: number | undefined }): string {
  return percent === undefined ? step : `${step} ${percent} %`
}

/** Where a capability is, what comes next, and which gates are in the way, in plain sentences. */
export function printGuided(terminal: Terminal, guided: GuidedCapability): void {
  const { capability, step, stage, profile, owner, undo, next, back, leftovers, autopilot } = guided
  const where =
    step === undefined
      ? 'no step taken yet'
      : `step ${showPosition(step)} (${step.title.toLowerCase()}), for ${showTimeSpan(step.forMs)}`
  writeLine(terminal, `${paint(terminal, 'bold', capability)}: ${where}`)
  const named = profile === 'default' ? '' : ` · gates of the profile ${profile}`
  writeLine(terminal, `  stage ${stage} · the ${owner} owns${named}`)
  const way =
    back === undefined ? '' : ` \`strangler migrate ${capability} back\` leads to ${showPosition(back)}.`
  writeLine(terminal, `  going back: ${METER[undo.kind]}. ${undo.reason}${step === undefined ? '' : way}`)
  if (autopilot !== undefined) {
    const why = autopilot.reason === undefined ? '' : `: ${autopilot.reason}`
    writeLine(terminal, `  autopilot on: ${DOES[autopilot.does]}${why}`)
  }
  if (next !== undefined) printNext(terminal, next)
  else if (leftovers !== undefined) printLeftovers(terminal, leftovers)
}

function printNext(terminal: Terminal, next: NonNullable<GuidedCapability['next']>): void {
  writeLine(terminal, '')
  writeLine(terminal, `  Next: ${paint(terminal, 'bold', showPosition(next))}. ${next.title}.`)
  writeLine(terminal, `  ${next.why}`)
  for (const gate of next.gates) printGate(terminal, gate)
  const closed = next.gates.filter(({ state }) => state !== 'pass').length
  const verdict =
    closed === 0
      ? `Nothing is in the way: \`${next.command}\``
      : `${closed} of ${countOf(next.gates.length, 'gate')} ${closed === 1 ? 'is' : 'are'} closed; then \`${next.command}\``
  writeLine(terminal, `  ${verdict}`)
}

/** The reason has the numbers in it. */
export function printGate(terminal: Terminal, { id, state, reason, fix }: GateResult): void {
  const [mark, colour] = MARK[state]
  writeLine(terminal, `  ${paint(terminal, colour, mark)} ${id}: ${reason}`)
  if (fix !== '') writeLine(terminal, `      → ${fix}`)
}

export function printLeftovers(
  terminal: Terminal,
  { endpoints, tables }: NonNullable<GuidedCapability['leftovers']>,
): void {
  writeLine(terminal, '  The monolith does not need these any more:')
  for (const endpoint of endpoints) writeLine(terminal, `    endpoint  ${endpoint}`)
  for (const table of tables) writeLine(terminal, `    table     ${table}`)
}

function showTimeSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
