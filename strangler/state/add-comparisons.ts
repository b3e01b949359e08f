import { createHash } from 'node:crypto'
import type { EntityManager } from 'typeorm'
import type { ComparisonBatch, KeptSample } from '../core/comparison-store.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

const KEPT_DAYS = 14
const KEPT_SAMPLES = 5

/**
 * Adds a batch to what is there. Rows are given as one JSON array per table, in the order of their keys: processes that add the same
 * rows in different orders would wait for each other.
 */
export async function addComparisons(tx: EntityManager, batch: ComparisonBatch): Promise<void> {
  await insert(tx, ADD_BASES, batch.bases)
  await insert(tx, ADD_TALLIES, batch.tallies)
  await insert(tx, ADD_DIFFERENCES, batch.differences)
  await insert(tx, ADD_SETS, batch.sets.map(withId))
  await insert(tx, ADD_SHAPES, batch.shapes)
  if (batch.samples.length > 0) await addSamples(tx, batch.samples)
}

/** What is older than two weeks says nothing of the present. */
export async function deleteOldComparisons(tx: EntityManager): Promise<void> {
  for (const [table, column] of AGES) {
    await tx.query(
      `DELETE FROM ${CONTROL_SCHEMA}.comparison_${table} WHERE ${column} < clock_timestamp() - $1 * interval '1 day'`,
      [KEPT_DAYS],
    )
  }
}

const AGES = [
  ['tallies', 'window_start'],
  ['differences', 'window_start'],
  ['sets', 'window_start'],
  ['shapes', 'last_seen_at'],
  ['samples', 'at'],
  ['bases', 'last_seen_at'],
] as const

async function insert(tx: EntityManager, sql: string, rows: readonly unknown[]): Promise<void> {
  if (rows.length > 0) await tx.query(sql, [JSON.stringify(rows)])
}

function withId(set: ComparisonBatch['sets'][number]) {
  return { ...set, id: createHash('sha256').update(set.places.join('\n')).digest('hex').slice(0, 24) }
}

const ADD_BASES = `
  INSERT INTO ${CONTROL_SCHEMA}.comparison_bases AS kept (id, capability, monolith_build, service_build, fingerprint)
  SELECT id, capability, "monolithBuild", "serviceBuild", fingerprint
  FROM jsonb_to_recordset($1::jsonb)
    AS row(id text, capability text, "monolithBuild" text, "serviceBuild" text, fingerprint text)
  ORDER BY id
  ON CONFLICT (id) DO UPDATE SET last_seen_at = clock_timestamp()`

const ADD_TALLIES = `
  INSERT INTO ${CONTROL_SCHEMA}.comparison_tallies AS kept (window_start, basis, endpoint, tally, count)
  SELECT "window", basis, endpoint, tally, count
  FROM jsonb_to_recordset($1::jsonb)
    AS row("window" timestamptz, basis text, endpoint text, tally text, count bigint)
  ORDER BY basis, "window", endpoint, tally
  ON CONFLICT (basis, window_start, endpoint, tally) DO UPDATE SET count = kept.count + excluded.count`

const ADD_DIFFERENCES = `
  INSERT INTO ${CONTROL_SCHEMA}.comparison_differences AS kept
    (window_start, basis, endpoint, path, kind, differing, calibrated, noisy, accepted, weight)
  SELECT "window", basis, endpoint, path, kind, differing, calibrated, noisy, accepted, weight
  FROM jsonb_to_recordset($1::jsonb) AS row("window" timestamptz, basis text, endpoint text, path text, kind text,
    differing bigint, calibrated bigint, noisy bigint, accepted bigint, weight bigint)
  ORDER BY basis, "window", endpoint, path, kind
  ON CONFLICT (basis, window_start, endpoint, path, kind) DO UPDATE SET
    differing = kept.differing + excluded.differing, calibrated = kept.calibrated + excluded.calibrated,
    noisy = kept.noisy + excluded.noisy, accepted = kept.accepted + excluded.accepted,
    weight = kept.weight + excluded.weight`

const ADD_SETS = `
  INSERT INTO ${CONTROL_SCHEMA}.comparison_sets AS kept (window_start, basis, endpoint, id, places, count)
  SELECT "window", basis, endpoint, id, places, count
  FROM jsonb_to_recordset($1::jsonb)
    AS row("window" timestamptz, basis text, endpoint text, id text, places jsonb, count bigint)
  ORDER BY basis, "window", endpoint, id
  ON CONFLICT (basis, window_start, endpoint, id) DO UPDATE SET count = kept.count + excluded.count`

const ADD_SHAPES = `
  INSERT INTO ${CONTROL_SCHEMA}.comparison_shapes AS kept
    (basis, endpoint, shape, seen, compared, matched, last_seen_at)
  SELECT basis, endpoint, shape, seen, compared, matched, "lastSeenAt"
  FROM jsonb_to_recordset($1::jsonb) AS row(basis text, endpoint text, shape text, seen bigint, compared bigint,
    matched bigint, "lastSeenAt" timestamptz)
  ORDER BY basis, endpoint, shape
  ON CONFLICT (basis, endpoint, shape) DO UPDATE SET seen = kept.seen + excluded.seen,
    compared = kept.compared + excluded.compared, matched = kept.matched + excluded.matched,
    last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at)`

async function addSamples(tx: EntityManager, samples: readonly KeptSample[]): Promise<void> {
  await insert(
    tx,
    `INSERT INTO ${CONTROL_SCHEMA}.comparison_samples (id, at, capability, endpoint, sample)
     SELECT id, at, capability, endpoint, sample FROM jsonb_to_recordset($1::jsonb)
       AS row(id text, at timestamptz, capability text, endpoint text, sample jsonb)
     ORDER BY id ON CONFLICT (id) DO NOTHING`,
    samples.map((sample) => ({ ...sample, sample })),
  )
  const places = samples.flatMap(({ id, at, endpoint, differences }) =>
    differences.map(({ path, kind }) => ({ id, at, endpoint, path, kind })),
  )
  await insert(
    tx,
    `INSERT INTO ${CONTROL_SCHEMA}.comparison_sample_places (sample, at, endpoint, path, kind)
     SELECT id, at, endpoint, path, kind FROM jsonb_to_recordset($1::jsonb)
       AS row(id text, at timestamptz, endpoint text, path text, kind text)
     ORDER BY endpoint, path, kind, id ON CONFLICT DO NOTHING`,
    places,
  )
  await thinSamples(tx, [...new Set(places.map(({ endpoint }) => endpoint))].sort())
}

/** Of each place the first few and the latest few stay; a sample goes when no place keeps it. */
async function thinSamples(tx: EntityManager, endpoints: readonly string[]): Promise<void> {
  await tx.query(
    `DELETE FROM ${CONTROL_SCHEMA}.comparison_sample_places AS place USING (
       SELECT sample, endpoint, path, kind,
         row_number() OVER (PARTITION BY endpoint, path, kind ORDER BY at, sample) AS first,
         row_number() OVER (PARTITION BY endpoint, path, kind ORDER BY at DESC, sample DESC) AS latest
       FROM ${CONTROL_SCHEMA}.comparison_sample_places WHERE endpoint = ANY($1)
     ) AS ranked
     WHERE first > $2 AND latest > $2 AND place.sample = ranked.sample AND place.endpoint = ranked.endpoint
       AND place.path = ranked.path AND place.kind = ranked.kind`,
    [endpoints, KEPT_SAMPLES],
  )
  await tx.query(
    `DELETE FROM ${CONTROL_SCHEMA}.comparison_samples AS sample
     WHERE endpoint = ANY($1) AND NOT EXISTS
       (SELECT FROM ${CONTROL_SCHEMA}.comparison_sample_places AS place WHERE place.sample = sample.id)`,
    [endpoints],
  )
}
