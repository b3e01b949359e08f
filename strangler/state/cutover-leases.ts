import type { DataSource } from 'typeorm'
import type { RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

/** Who drives which cut-over, by the control database's clock. Nothing depends on there being one only; several would just be in each other's way. */
export interface CutoverLeases {
  /** Takes it, or says again that one is there. False while another was heard of less than `silentMs` ago. */
  hold(cutoverId: string, holder: string, silentMs: number): Promise<boolean>
}

/** Leases of cut-overs that ended long ago go with the next one. */
const KEPT = '1 hour'

export function createCutoverLeases(dataSource: DataSource, runControl: RunControl): CutoverLeases {
  return {
    hold: (cutoverId, holder, silentMs) =>
      runControl('saying who drives a cut-over', async () => {
        const rows = await dataSource.query<unknown[]>(
          `WITH old AS (DELETE FROM ${CONTROL_SCHEMA}.cutover_leases WHERE seen_at < clock_timestamp() - interval '${KEPT}' AND cutover <> $1)
          INSERT INTO ${CONTROL_SCHEMA}.cutover_leases AS l (cutover, holder, seen_at) VALUES ($1, $2, clock_timestamp())
          ON CONFLICT (cutover) DO UPDATE SET holder = excluded.holder, seen_at = excluded.seen_at
          WHERE l.holder = excluded.holder OR l.seen_at < clock_timestamp() - $3 * interval '1 millisecond'
          RETURNING cutover`,
          [cutoverId, holder, silentMs],
        )
        return rows.length > 0
      }),
  }
}
