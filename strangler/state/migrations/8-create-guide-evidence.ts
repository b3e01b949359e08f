import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What was found out on purpose: the newest of each kind, with the builds that it was found on. */
export class CreateGuideEvidence1766000000008 implements MigrationInterface {
  readonly name = 'CreateGuideEvidence1766000000008'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.guide_evidence (
        capability text, kind text,
        at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        monolith_build text, service_build text,
        content jsonb NOT NULL,
        PRIMARY KEY (capability, kind)
      )`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.guide_evidence')
  }
}
