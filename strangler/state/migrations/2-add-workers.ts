import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Background work of a capability is registered beside the proxies: a cut-over waits for both. */
export class AddWorkers1766000000002 implements MigrationInterface {
  readonly name = 'AddWorkers1766000000002'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE strangler_control.registrations
        ADD COLUMN kind text NOT NULL DEFAULT 'proxy' CHECK (kind IN ('proxy', 'worker')),
        ADD COLUMN capability text,
        ADD COLUMN lease_ms integer,
        ADD CHECK ((kind = 'worker') = (capability IS NOT NULL AND lease_ms IS NOT NULL))`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE strangler_control.registrations DROP COLUMN kind, DROP COLUMN capability, DROP COLUMN lease_ms',
    )
  }
}
