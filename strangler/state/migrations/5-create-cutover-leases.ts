import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whoever drives a cut-over says so four times a second; when he falls silent, somebody else goes on. */
export class CreateCutoverLeases1766000000005 implements MigrationInterface {
  readonly name = 'CreateCutoverLeases1766000000005'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.cutover_leases (
        cutover text PRIMARY KEY,
        holder text NOT NULL,
        seen_at timestamptz NOT NULL
      )`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.cutover_leases')
  }
}
