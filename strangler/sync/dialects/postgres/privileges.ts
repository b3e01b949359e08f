import type { Probe } from '../../survey.ts'
import { TABLES } from './catalogue.ts'
import { SCHEMA } from './names.ts'

/**
 * What the kit's user needs in either database, each thing by its name. The tables must be its own, or those of a role that it is in:
 * only an owner may make a trigger fire ALWAYS, or drop it.
 */
export const privilegeProbes: readonly Probe[] = [
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement: {
      sql: `SELECT quote_ident(current_database()) AS db, quote_ident(current_user) AS me
WHERE to_regnamespace('${SCHEMA}') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')`,
      params: [],
    },
    tell: (row) => ({
      reason: `${row['me']} may not create the kit's schema in the database ${row['db']}`,
      mend: `GRANT CREATE ON DATABASE ${row['db']} TO ${row['me']}.`,
    }),
  },
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement: {
      sql: `SELECT quote_ident(current_user) AS me, p.privilege FROM (VALUES ('CREATE'), ('USAGE')) p(privilege)
WHERE to_regnamespace('${SCHEMA}') IS NOT NULL AND NOT has_schema_privilege(to_regnamespace('${SCHEMA}')::oid, p.privilege)`,
      params: [],
    },
    tell: (row) => ({
      reason: `${row['me']} lacks ${row['privilege']} on the schema ${SCHEMA}, which somebody else has made`,
      mend: `GRANT ${row['privilege']} ON SCHEMA ${SCHEMA} TO ${row['me']}.`,
    }),
  },
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement: ({ schema, tables }) => ({
      sql: `SELECT c.relname AS tbl, quote_ident(pg_get_userbyid(c.relowner)) AS owner, quote_ident(current_user) AS me
FROM ${TABLES} WHERE NOT pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1`,
      params: [schema, tables],
    }),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `${row['tbl']} is owned by ${row['owner']}, and ${row['me']} is not in that role, so it may not create triggers that always fire`,
      mend: `GRANT ${row['owner']} TO ${row['me']}.`,
    }),
  },
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement: ({ schema, tables }) => ({
      sql: `SELECT c.relname AS tbl, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS place, quote_ident(current_user) AS me,
  string_agg(p.privilege, ', ' ORDER BY p.n) AS lacks
FROM ${TABLES} CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) p(n, privilege)
WHERE NOT has_table_privilege(c.oid, p.privilege) GROUP BY 1, 2, 3 ORDER BY 1`,
      params: [schema, tables],
    }),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `${row['me']} lacks ${row['lacks']} on ${row['tbl']}`,
      mend: `GRANT ${row['lacks']} ON ${row['place']} TO ${row['me']}.`,
    }),
  },
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement: ({ schema }) => ({
      sql: `SELECT quote_ident($1) AS schema, quote_ident(current_user) AS me
WHERE to_regnamespace(quote_ident($1)) IS NOT NULL AND NOT has_schema_privilege($1, 'USAGE')`,
      params: [schema],
    }),
    tell: (row) => ({
      reason: `${row['me']} lacks USAGE on the schema ${row['schema']}`,
      mend: `GRANT USAGE ON SCHEMA ${row['schema']} TO ${row['me']}.`,
    }),
  },
]
