import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who has answered over time, and when the newest request was: sums alone do not say whether it was yesterday. */
export class CreateSoakClocks1766000000010 implements MigrationInterface {
  readonly name = 'CreateSoakClocks1766000000010'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.soak_clocks (
        capability text NOT NULL,
        entered integer NOT NULL,
        clock jsonb,
        PRIMARY KEY (capability, entered)
      )`)
    // Of what was counted before nobody knows more than that it was before now.
    await runner.query(
      'ALTER TABLE strangler_control.traffic ADD COLUMN last_at timestamptz NOT NULL DEFAULT clock_timestamp()',
    )
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE strangler_control.traffic DROP COLUMN last_at')
    await runner.query('DROP TABLE strangler_control.soak_clocks')
  }
}
