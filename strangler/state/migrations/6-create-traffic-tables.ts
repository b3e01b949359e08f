import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What the guide knows of the traffic: sums that only grow, and the newest look of each proxy. */
export class CreateTrafficTables1766000000006 implements MigrationInterface {
  readonly name = 'CreateTrafficTables1766000000006'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.traffic (
        capability text NOT NULL,
        endpoint text NOT NULL,
        entered integer NOT NULL,
        target text NOT NULL,
        requests bigint NOT NULL,
        failures bigint NOT NULL,
        first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (capability, entered, endpoint, target)
      )`)
    await runner.query(`
      CREATE TABLE strangler_control.traffic_looks (
        capability text NOT NULL,
        proxy text NOT NULL,
        look jsonb NOT NULL,
        told_at timestamptz NOT NULL,
        PRIMARY KEY (capability, proxy)
      )`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.traffic, strangler_control.traffic_looks')
  }
}
