import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The journal and the registrations. The database itself refuses to change or remove a line of the journal: whoever owned the
 * data, and by whose word, must stay answerable whatever a program or a person does to the table.
 */
export class CreateControlTables1766000000001 implements MigrationInterface {
  readonly name = 'CreateControlTables1766000000001'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangler_control.journal (
        version integer PRIMARY KEY CHECK (version > 0),
        at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        by text NOT NULL,
        because text,
        event jsonb NOT NULL
      )`)
    await runner.query(`
      CREATE FUNCTION strangler_control.refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the journal is append-only: % is refused', TG_OP;
      END $$`)
    await runner.query(`
      CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON strangler_control.journal
      FOR EACH STATEMENT EXECUTE FUNCTION strangler_control.refuse_journal_change()`)
    await runner.query(`
      CREATE TABLE strangler_control.registrations (
        id text PRIMARY KEY,
        host text NOT NULL,
        pid integer NOT NULL,
        started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        table_version integer NOT NULL DEFAULT 0,
        holds_acknowledged jsonb NOT NULL DEFAULT '[]'
      )`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE strangler_control.registrations')
    await runner.query('DROP TABLE strangler_control.journal')
    await runner.query('DROP FUNCTION strangler_control.refuse_journal_change()')
  }
}
