import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { heedEnds } from '../../strangler/sync/transport/heeded-postgres.ts'

/** A backend whose every question fails at once, as that of a pool which has ended. */
function openEnded() {
  let asked = 0
  const fail = async (): Promise<unknown> => {
    asked += 1
    throw new Error('Cannot use a pool after calling end on the pool')
  }
  return {
    connection: { waitUntilReady: async () => undefined },
    moveToActive: fail,
    waitForJob: fail,
    asked: () => asked,
  }
}

/** Asks as BullMQ's worker does: again as soon as it has failed. */
async function askOn(ask: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
  while (!isOver()) await ask().catch(() => undefined)
}

test.each(['moveToActive', 'waitForJob'] as const)(
  'a worker whose %s fails without a wait leaves others their turn',
  async (question) => {
    const backend = heedEnds(openEnded)()
    let isOver = false
    const asking = askOn(
      () => backend[question](),
      () => isOver,
    )
    await delay(100)
    expect(backend.asked()).toBe(1)
    isOver = true
    await asking
  },
)

test('without that nobody else has a turn', async () => {
  const backend = openEnded()
  let turns = 0
  setImmediate(() => {
    turns += 1
  })
  await askOn(backend.moveToActive, () => backend.asked() >= 10_000)
  expect(turns).toBe(0)
})
