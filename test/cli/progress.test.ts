import { expect, test } from 'vitest'
import { describeProgress, followProgress } from '../../strangler/cli/progress.ts'

test('a line tells share, rows, speed, what is left, where it is and why it waits', () => {
  const line = describeProgress({ done: 250, expected: 1_000, at: 'stock', waits: 'the lag is 7 s' }, 50)
  expect(line).toBe(
    '██████░░░░░░░░░░░░░░░░░░  25 %  250 of about 1,000 rows  50 rows/s  15 s left  stock  waits: the lag is 7 s',
  )
})

test('nothing is claimed that is not known: no share without a guess, no end without a speed, no 100 % before the end', () => {
  expect(describeProgress({ done: 7, expected: undefined }, 3)).toBe('7 rows  3 rows/s')
  expect(describeProgress({ done: 0, expected: 100 }, 0)).not.toContain('left')
  expect(describeProgress({ done: 999, expected: 1_000 }, 10)).toContain('99 %')
  expect(describeProgress({ done: 1, expected: 1_000_000 }, 100)).toContain('2 h 46 min left')
})

test('a guess that was too low is given up: never is more done than there is, nor the end near', () => {
  expect(describeProgress({ done: 4_255, expected: 1_623 }, 100)).toBe(
    '4,255 rows, more than were expected  100 rows/s',
  )
  expect(describeProgress({ done: 0, expected: 0 }, 0)).not.toContain('NaN')
})

test('a terminal shows it in one place and is clean at the end; elsewhere it is lines on standard error', async () => {
  const run = async (isTTY: boolean, plainEveryMs?: number) => {
    const written: string[] = []
    const stream = { isTTY, columns: 80, write: (text: unknown) => written.push(String(text)) > 0 }
    const looks = [1, 2].values()
    const look = async () => {
      const { value } = looks.next()
      return value === undefined ? { end: 'there' } : { progress: { done: value, expected: 10 } }
    }
    const end = await followProgress({ stdout: stream, stderr: stream, env: {} }, look, plainEveryMs)
    expect(end).toBe('there')
    return written
  }
  const onTerminal = await run(true)
  expect(onTerminal.every((text) => text.startsWith('\r\u001b[K'))).toBe(true)
  expect(onTerminal.at(-1)).toBe('\r\u001b[K')
  expect(await run(false, 200)).toEqual([expect.stringMatching(/2 of about 10 rows .*\n$/)])
  // What is over soon says nothing.
  expect(await run(false)).toEqual([])
})
