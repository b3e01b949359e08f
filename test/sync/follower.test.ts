import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SyncOrder } from '../../strangler/core/words.ts'
import { createFollower } from '../../strangler/sync/follower.ts'

const ORDER = { epoch: 1, state: 'running' } as SyncOrder
const RETRY_MS = 2_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function startFollower() {
  const asked: (number | undefined)[] = []
  const told: string[] = []
  const now = { problem: undefined as string | undefined }
  const follower = createFollower({
    async settle(wanted) {
      asked.push(wanted?.epoch)
      if (now.problem !== undefined && wanted !== undefined) throw new Error(now.problem)
    },
    onFailure: (error) => told.push((error as Error).message),
  })
  return { follower, asked, told, now }
}

test('what cannot be done is tried every two seconds, and told once until it is another thing', async () => {
  const { follower, asked, told, now } = startFollower()
  now.problem = 'nobody is there'
  follower.follow(ORDER)
  await vi.advanceTimersByTimeAsync(3 * RETRY_MS)
  expect(asked).toEqual([1, 1, 1, 1])
  expect(told).toEqual(['nobody is there'])
  expect(follower.failure()).toBe('nobody is there')

  now.problem = 'the tables are other ones'
  await vi.advanceTimersByTimeAsync(2 * RETRY_MS)
  expect(told).toEqual(['nobody is there', 'the tables are other ones'])

  now.problem = undefined
  await vi.advanceTimersByTimeAsync(RETRY_MS)
  expect(follower.failure()).toBeUndefined()
  const { length } = asked
  await vi.advanceTimersByTimeAsync(5 * RETRY_MS)
  expect(asked).toHaveLength(length)

  // The same again after it was mended is news.
  now.problem = 'nobody is there'
  follower.look()
  await vi.advanceTimersByTimeAsync(0)
  expect(told.at(-1)).toBe('nobody is there')
  expect(told).toHaveLength(3)
  await follower.stop()
})

test('a stopped one lets nothing run, whatever it was told, and tries nothing any more', async () => {
  const { follower, asked, now } = startFollower()
  now.problem = 'nobody is there'
  follower.follow(ORDER)
  await vi.advanceTimersByTimeAsync(0)
  await follower.stop()
  await follower.stop()
  await vi.advanceTimersByTimeAsync(5 * RETRY_MS)
  expect(asked).toEqual([1, undefined, undefined])
})

test('steps are taken one after the other, also where one of them fails', async () => {
  const { follower } = startFollower()
  const order: string[] = []
  const slow = follower.inTurn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    order.push('slow')
    throw new Error('it failed')
  })
  const next = follower.inTurn(async () => void order.push('next'))
  const failed = expect(slow).rejects.toThrow('it failed')
  await vi.advanceTimersByTimeAsync(50)
  await Promise.all([failed, next])
  expect(order).toEqual(['slow', 'next'])
})
