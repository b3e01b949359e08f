import { StranglerError } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import { classifyError, describe } from './classify-error.ts'
import type { DatabasePair, PairAddresses } from './database-pair.ts'

const SIDES: readonly Side[] = ['monolith', 'service']

/** A driver says which port refused it. Which of the two databases that is, and what is to be done, is found by asking both again. */
export async function nameAbsent(
  error: unknown,
  pair: DatabasePair,
  addresses: PairAddresses,
): Promise<unknown> {
  if (error instanceof StranglerError || classifyError(error) !== 'unreachable') return error
  const asked = await Promise.all(SIDES.map(async (side) => ({ side, failure: await ask(pair, side) })))
  const [absent] = asked.filter(({ failure }) => failure !== undefined)
  // It may be back by now; then the next question is answered.
  if (absent === undefined) return error
  const { side, url } = addresses[absent.side]
  return new StranglerError(
    'STRANGLER_SYNC_DATABASE_UNREACHABLE',
    `The database of the side ${side} at ${new URL(url).host} does not answer: ${describe(absent.failure)}.`,
    {
      fix: 'Start it, or see what is between; then repeat what was asked. Nothing is lost meanwhile, and a sync that runs goes on by itself.',
      cause: error,
    },
  )
}

async function ask(pair: DatabasePair, side: Side): Promise<unknown> {
  try {
    await pair[side].query({ sql: 'SELECT 1 AS there', params: [] })
    return undefined
  } catch (error) {
    return error
  }
}
