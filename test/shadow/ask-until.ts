import { expect } from 'vitest'
import type { DryRunShop } from './dry-run-shop.ts'

type Counts = NonNullable<Awaited<ReturnType<DryRunShop['endpoint']>>>

const SOON = { timeout: 60_000, interval: 200 }
const MOST_ROUNDS = 10

/**
 * Asks in rounds, until what came of it is enough: how much of it the kit has compared is for the governor, locks and timeouts of a busy
 * machine to decide, so that no test may count on it. What it may count on is seen after each round: nothing is left uncounted.
 */
export async function askUntil(
  stand: Pick<DryRunShop, 'endpoint'>,
  asking: {
    readonly endpoint: string
    readonly perRound: number
    /** @param n counts on through all rounds */
    readonly ask: (n: number) => Promise<unknown>
    readonly isEnough: (counts: Counts) => boolean | Promise<boolean>
  },
): Promise<Counts> {
  const { endpoint, perRound, ask, isEnough } = asking
  const before = countedOf(await stand.endpoint(endpoint))
  for (let asked = 0; asked < MOST_ROUNDS * perRound; ) {
    for (let n = 0; n < perRound; n++) await ask(asked++)
    await expect.poll(async () => countedOf(await stand.endpoint(endpoint)), SOON).toBe(before + asked)
    const counts = (await stand.endpoint(endpoint))!
    if (await isEnough(counts)) return counts
  }
  throw new Error(`It was never enough: ${JSON.stringify(await stand.endpoint(endpoint))}`)
}

const countedOf = (counts: Counts | undefined) =>
  counts === undefined ? 0 : counts.eligible + counts.gaveWay
