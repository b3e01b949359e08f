import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { TABLE } from './options.ts'

/** As an application's transactions are: several rows each. */
const ROWS_A_TRANSACTION = 10
const WRITERS = 8
/** Apart enough that two writers never wait for each other's row. */
const STRIDE = 7_919

export interface Offered {
  readonly rows: number
  readonly tookMs: number
}

/** Changes rows at a steady pace, whatever the sync does meanwhile, until the signal. */
export async function offerChanges(
  pool: pg.Pool,
  { rows, changesPerSecond, until }: { rows: number; changesPerSecond: number; until: AbortSignal },
): Promise<Offered> {
  const began = performance.now()
  const everyMs = (ROWS_A_TRANSACTION * WRITERS * 1_000) / changesPerSecond
  let changed = 0
  const write = async (writer: number) => {
    for (let turn = 0; !until.aborted; turn += 1) {
      const early = began + ((writer + 1) / WRITERS + turn) * everyMs - performance.now()
      if (early > 0) await delay(early, undefined, { signal: until }).catch(() => undefined)
      if (until.aborted) return
      const first = (turn * WRITERS + writer) * ROWS_A_TRANSACTION * STRIDE
      const ids = Array.from({ length: ROWS_A_TRANSACTION }, (_, i) => 1 + ((first + i * STRIDE) % rows))
      await pool.query(
        `UPDATE ${TABLE} SET quantity = quantity + 1, changed_at = clock_timestamp() WHERE id = ANY($1::bigint[])`,
        [ids.toSorted((one, other) => one - other)],
      )
      changed += ids.length
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  return { rows: changed, tookMs: performance.now() - began }
}
