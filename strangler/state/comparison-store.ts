import type { DataSource } from 'typeorm'
import type { ComparisonStore, KeptEvidence, KeptSample, SampleLine } from '../core/comparison-store.ts'
import { addComparisons, deleteOldComparisons } from './add-comparisons.ts'
import type { RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

/** Old rows are looked for this often, counted in batches of one process. */
const CLEAN_EVERY = 600

/** The evidence of the comparisons in the control database. */
export function createComparisonStore(dataSource: DataSource, runControl: RunControl): ComparisonStore {
  let added = 0
  return {
    async add(batch) {
      await runControl('keeping comparisons', () => dataSource.transaction((tx) => addComparisons(tx, batch)))
      added += 1
      if (added % CLEAN_EVERY === 1)
        await runControl('deleting old comparisons', () => deleteOldComparisons(dataSource.manager))
    },

    read: (question) => runControl('reading comparisons', () => readEvidence(dataSource, question)),

    async samples({ capability, endpoint, limit }) {
      const rows: { sample: SampleLine }[] = await runControl('listing samples', () =>
        dataSource.query(
          `SELECT sample - 'request' - 'answers' AS sample FROM ${CONTROL_SCHEMA}.comparison_samples
           WHERE ($1::text IS NULL OR capability = $1) AND ($2::text IS NULL OR endpoint = $2)
           ORDER BY at DESC, id LIMIT $3`,
          [capability ?? null, endpoint ?? null, limit],
        ),
      )
      return rows.map(({ sample }) => sample)
    },

    async sample(id) {
      const rows: { sample: KeptSample }[] = await runControl('reading a sample', () =>
        dataSource.query(`SELECT sample FROM ${CONTROL_SCHEMA}.comparison_samples WHERE id = $1`, [id]),
      )
      return rows[0]?.sample
    },
  }
}

async function readEvidence(
  dataSource: DataSource,
  { capability, since, basis: asked }: Parameters<ComparisonStore['read']>[0],
): Promise<KeptEvidence | undefined> {
  const [basis]: KeptEvidence['basis'][] = await dataSource.query(
    `SELECT id, capability, monolith_build AS "monolithBuild", service_build AS "serviceBuild", fingerprint,
       ${ISO('first_seen_at')} AS "firstSeenAt"
     FROM ${CONTROL_SCHEMA}.comparison_bases WHERE capability = $1 AND ($2::text IS NULL OR id = $2)
     ORDER BY last_seen_at DESC, id LIMIT 1`,
    [capability, asked ?? null],
  )
  if (basis === undefined) return undefined
  const rows = (sql: string) => dataSource.query(sql, [basis.id, since])
  const [tallies, differences, sets, shapes] = await Promise.all([
    rows(`SELECT endpoint, tally, sum(count)::float8 AS count FROM ${CONTROL_SCHEMA}.comparison_tallies
      WHERE basis = $1 AND window_start >= $2 GROUP BY 1, 2`),
    rows(`SELECT endpoint, path, kind, sum(differing)::float8 AS differing, sum(calibrated)::float8 AS calibrated,
        sum(noisy)::float8 AS noisy, sum(accepted)::float8 AS accepted, sum(weight)::float8 AS weight
      FROM ${CONTROL_SCHEMA}.comparison_differences WHERE basis = $1 AND window_start >= $2 GROUP BY 1, 2, 3`),
    rows(`SELECT endpoint, places, sum(count)::float8 AS count FROM ${CONTROL_SCHEMA}.comparison_sets
      WHERE basis = $1 AND window_start >= $2 GROUP BY 1, 2`),
    rows(`SELECT endpoint, shape, seen::float8, compared::float8, matched::float8,
        ${ISO('last_seen_at')} AS "lastSeenAt"
      FROM ${CONTROL_SCHEMA}.comparison_shapes WHERE basis = $1 AND last_seen_at >= $2`),
  ])
  return { basis, tallies, differences, sets, shapes }
}

const ISO = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
