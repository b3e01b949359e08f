import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Counters and samples of the comparisons. They are evidence, not decisions: old ones are deleted. */
export class CreateComparisonTables1766000000004 implements MigrationInterface {
  readonly name = 'CreateComparisonTables1766000000004'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.comparison_bases (
        id text PRIMARY KEY,
        capability text NOT NULL,
        monolith_build text NOT NULL,
        service_build text NOT NULL,
        fingerprint text NOT NULL,
        first_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        last_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`)
    await runner.query('CREATE INDEX ON strangler_control.comparison_bases (capability, last_seen_at)')
    await runner.query(`
      CREATE TABLE strangler_control.comparison_tallies (
        window_start timestamptz(3), basis text, endpoint text, tally text,
        count bigint NOT NULL,
        PRIMARY KEY (basis, window_start, endpoint, tally)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.comparison_differences (
        window_start timestamptz(3), basis text, endpoint text, path text, kind text,
        differing bigint NOT NULL, calibrated bigint NOT NULL, noisy bigint NOT NULL, accepted bigint NOT NULL,
        weight bigint NOT NULL,
        PRIMARY KEY (basis, window_start, endpoint, path, kind)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.comparison_sets (
        window_start timestamptz(3), basis text, endpoint text, id text,
        places jsonb NOT NULL, count bigint NOT NULL,
        PRIMARY KEY (basis, window_start, endpoint, id)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.comparison_shapes (
        basis text, endpoint text, shape text,
        seen bigint NOT NULL, compared bigint NOT NULL, matched bigint NOT NULL,
        last_seen_at timestamptz(3) NOT NULL,
        PRIMARY KEY (basis, endpoint, shape)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.comparison_samples (
        id text PRIMARY KEY,
        at timestamptz(3) NOT NULL,
        capability text NOT NULL,
        endpoint text NOT NULL,
        sample jsonb NOT NULL
      )`)
    await runner.query('CREATE INDEX ON strangler_control.comparison_samples (endpoint, at)')
    await runner.query(`
      CREATE TABLE strangler_control.comparison_sample_places (
        sample text REFERENCES strangler_control.comparison_samples ON DELETE CASCADE,
        endpoint text, path text, kind text,
        at timestamptz(3) NOT NULL,
        PRIMARY KEY (endpoint, path, kind, sample)
      )`)
    await runner.query('CREATE INDEX ON strangler_control.comparison_sample_places (sample)')
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['sample_places', 'samples', 'shapes', 'sets', 'differences', 'tallies', 'bases'])
      await runner.query(`DROP TABLE strangler_control.comparison_${table}`)
  }
}
