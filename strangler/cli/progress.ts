import { setTimeout as delay } from 'node:timers/promises'
import { countOf } from '../core/count-of.ts'
import type { Terminal } from './terminal.ts'

/** How far something long is. */
export interface Progress {
  readonly done: number
  /** How much there is, as far as that is known. */
  readonly expected: number | undefined
  /** What it is about at present: a table. */
  readonly at?: string | undefined
  /** Why it waits. */
  readonly waits?: string | undefined
}

const LOOK_EVERY_MS = 250
/** Off a terminal a line now and then is enough, and none for what is over soon. */
const PLAIN_EVERY_MS = 5_000
const BAR = 24
/** The speed is that of the last looks, not of the whole time: a pause must show. */
const RATE_OVER_MS = 5_000

/** `████████░░░░░░░░  33 %  1,000 of about 3,000 rows  500 rows/s  4 s left  stock  waits: …` */
export function describeProgress(progress: Progress, rowsPerSecond: number): string {
  const { done, expected, at, waits } = progress
  return [
    ...describeDone(done, expected),
    `${Math.round(rowsPerSecond).toLocaleString('en-US')} rows/s`,
    ...describeLeft(progress, rowsPerSecond),
    ...(at === undefined ? [] : [at]),
    ...(waits === undefined ? [] : [`waits: ${waits}`]),
  ].join('  ')
}

function describeDone(done: number, expected: number | undefined): string[] {
  if (expected === undefined) return [countOf(done, 'row')]
  // A guess that was too low says nothing of what is left.
  if (done >= expected) return [`${countOf(done, 'row')}, more than were expected`]
  const share = done / expected
  const percent = `${Math.floor(share * 100)} %`.padStart(4)
  return [drawBar(share), percent, `${done.toLocaleString('en-US')} of about ${countOf(expected, 'row')}`]
}

function describeLeft({ done, expected }: Progress, rowsPerSecond: number): string[] {
  if (expected === undefined || done >= expected || rowsPerSecond <= 0) return []
  return [`${showSeconds((expected - done) / rowsPerSecond)} left`]
}

function drawBar(share: number): string {
  const filled = Math.round(share * BAR)
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
}

function showSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

/**
 * Asks `look` until it gives what is waited for, and shows meanwhile how far it is: in place on a terminal, else a line every five
 * seconds. On standard error, so that what a script reads stays what it asked for.
 */
export async function followProgress<T>(
  { stderr }: Terminal,
  look: () => Promise<{ readonly end: T } | { readonly progress: Progress }>,
  plainEveryMs = PLAIN_EVERY_MS,
): Promise<T> {
  const isTerminal = stderr.isTTY === true
  const seen: { at: number; done: number }[] = []
  let saidAt = performance.now()
  for (;;) {
    const found = await look()
    if ('end' in found) {
      if (isTerminal) stderr.write('\r\u001b[K')
      return found.end
    }
    const now = performance.now()
    seen.push({ at: now, done: found.progress.done })
    while (seen.length > 2 && now - (seen[0]?.at ?? now) > RATE_OVER_MS) seen.shift()
    const line = describeProgress(found.progress, speedOf(seen))
    if (isTerminal) stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 100) - 1)}`)
    else if (now - saidAt >= plainEveryMs) {
      stderr.write(`${line}\n`)
      saidAt = now
    }
    await delay(LOOK_EVERY_MS)
  }
}

function speedOf(seen: readonly { at: number; done: number }[]): number {
  const [first, last] = [seen[0], seen.at(-1)]
  if (first === undefined || last === undefined || last.at <= first.at) return 0
  return Math.max(0, ((last.done - first.done) / (last.at - first.at)) * 1_000)
}
