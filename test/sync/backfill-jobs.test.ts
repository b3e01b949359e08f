import { expect, test } from 'vitest'
import { createBackfillJobs } from '../../strangler/sync/backfill-jobs.ts'

function sendOne() {
  let at = 0
  const jobs = createBackfillJobs(() => at)
  jobs.add({ id: 'a', table: 'stock', keys: ['["1"]'], through: '["1"]' }, [])
  return {
    jobs,
    /** How long it is until the job is sent again, in steps of 100 ms. */
    untilResent() {
      const began = at
      while (jobs.takeOverdue().length === 0) at += 100
      return at - began
    },
  }
}

test('a job that does not come back is sent again later each time, and never later than half a minute', () => {
  const { untilResent } = sendOne()
  const waits = Array.from({ length: 9 }, untilResent)
  expect(waits).toEqual(waits.toSorted((one, other) => one - other))
  expect(waits[0]).toBeLessThan(3_200)
  expect(waits.at(-1)).toBeGreaterThan(29_000)
  expect(Math.max(...waits)).toBeLessThan(30_200)
})

test('what the queue has lost is sent again at once, and as often as that happens no later the next time', () => {
  const { jobs, untilResent } = sendOne()
  for (let flush = 0; flush < 20; flush += 1) {
    jobs.expire()
    expect(untilResent()).toBe(0)
  }
  expect(untilResent()).toBeLessThan(3_200)
})
