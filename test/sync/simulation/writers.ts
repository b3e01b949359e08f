import { setTimeout as delay } from 'node:timers/promises'
import { createRandom, type Random } from './random.ts'
import { codesOf, type Session, type Side } from './side.ts'
import { pickWrite } from './writes.ts'

/** Taken unique values, other ends of references, deadlocks and lost waits for locks: an application lives with those. */
const EXPECTED = [
  ...['23505', '23503', '40P01', '55P03'],
  ...['1062', '1451', '1452', '1213', '1205', '1020', '1761'],
]

/** How long writers go on, and who counts what they have committed. */
export interface Storm {
  isOver(): boolean
  onCommit(writes: number): void
}

/** Transactions of one to six writes; some are rolled back, some take long. */
export async function runWriter(side: Side, seed: number, { isOver, onCommit }: Storm): Promise<void> {
  const random = createRandom(seed)
  const db = await side.connect()
  while (!isOver()) {
    onCommit(await runTransaction(side, db, random))
    if (random.chance(0.3)) await delay(random.below(10))
  }
  await db.end()
}

/** @returns how many writes were committed */
async function runTransaction({ dialect }: Side, db: Session, random: Random): Promise<number> {
  const writes = 1 + random.below(6)
  await db.run('BEGIN')
  try {
    for (let count = 0; count < writes; count += 1) {
      await pickWrite(random)({ db, dialect, random })
      if (random.chance(0.02)) await delay(random.below(700))
    }
    const isKept = !random.chance(0.15)
    await db.run(isKept ? 'COMMIT' : 'ROLLBACK')
    return isKept ? writes : 0
  } catch (error) {
    await db.run('ROLLBACK')
    if (!codesOf(error).some((code) => EXPECTED.includes(code))) throw error
    return 0
  }
}
