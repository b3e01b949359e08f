import type { Statement } from '../../dialect.ts'

export function listTables(schema: string): Statement {
  return {
    sql: `SELECT TABLE_NAME AS name FROM information_schema.TABLES
WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_NAME NOT LIKE 'strangler\\_%' ORDER BY 1`,
    params: [schema],
  }
}

/** Queries on information_schema; `$TABLES` stands for the marks of the tables' names, which follow the database's name. */

export const TABLES_SQL = `SELECT TABLE_NAME AS tbl, ENGINE AS engine FROM information_schema.TABLES
WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN ($TABLES) AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`

/** JSON is LONGTEXT with a check; the check is what tells it from other texts. */
export const COLUMNS_SQL = `SELECT c.TABLE_NAME AS tbl, c.COLUMN_NAME AS name, c.DATA_TYPE AS data_type, c.COLUMN_TYPE AS column_type,
  c.IS_NULLABLE AS is_nullable, c.EXTRA AS extra, c.IS_GENERATED AS is_generated, c.COLLATION_NAME AS \`collation\`,
  IF(k.CONSTRAINT_NAME IS NULL, '0', '1') AS is_json
FROM information_schema.COLUMNS c
LEFT JOIN information_schema.CHECK_CONSTRAINTS k ON k.CONSTRAINT_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME
  AND k.CONSTRAINT_NAME = c.COLUMN_NAME AND k.LEVEL = 'Column' AND k.CHECK_CLAUSE = CONCAT('json_valid(\`', c.COLUMN_NAME, '\`)')
WHERE c.TABLE_SCHEMA = ? AND c.TABLE_NAME IN ($TABLES) ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`

export const INDEXES_SQL = `SELECT TABLE_NAME AS tbl, INDEX_NAME AS name, COLUMN_NAME AS column_name, CAST(SUB_PART AS CHAR) AS sub_part
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN ($TABLES) AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

export const FOREIGN_KEYS_SQL = `SELECT k.TABLE_NAME AS tbl, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS column_name,
  k.REFERENCED_TABLE_NAME AS referenced_table, k.REFERENCED_COLUMN_NAME AS referenced_column,
  r.DELETE_RULE AS delete_rule, r.UPDATE_RULE AS update_rule
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
  AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = ? AND k.TABLE_NAME IN ($TABLES) AND k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`
