import { randomBytes } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whose queues, jobs and databases these are: made once, and in every backup from then on. */
export class CreateInstallation1766000000009 implements MigrationInterface {
  readonly name = 'CreateInstallation1766000000009'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.installation (
        is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
        id text NOT NULL CHECK (id ~ '^[a-z0-9]{4,32}$'),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      )`)
    await runner.query('INSERT INTO strangler_control.installation (id) VALUES ($1)', [
      randomBytes(6).toString('hex'),
    ])
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.installation')
  }
}
