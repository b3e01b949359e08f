import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Unlogged: a mark lives for seconds, and costs no write to the disk. A crash empties the table, and `born` with it. */
export class CreateWriteMarks1766000000003 implements MigrationInterface {
  readonly name = 'CreateWriteMarks1766000000003'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNLOGGED TABLE strangler_control.write_marks (
        client text NOT NULL,
        write_id text NOT NULL,
        through double precision NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (client, write_id)
      )`)
    await runner.query('CREATE INDEX write_marks_expiry ON strangler_control.write_marks (expires_at)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.write_marks')
  }
}
