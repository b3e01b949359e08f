import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What was seen of the monolith's answers, without their values, and the documents that were made of it. */
export class CreateContractTables1766000000007 implements MigrationInterface {
  readonly name = 'CreateContractTables1766000000007'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.contract_shapes (
        capability text, build text, endpoint text,
        exchanges bigint NOT NULL,
        shape jsonb,
        first_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        last_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (capability, build, endpoint)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.contracts (
        capability text PRIMARY KEY,
        build text NOT NULL,
        digest text NOT NULL,
        document jsonb NOT NULL,
        endpoints integer NOT NULL,
        recorded_at timestamptz(3) NOT NULL,
        verified jsonb
      )`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.contract_shapes, strangler_control.contracts')
  }
}
