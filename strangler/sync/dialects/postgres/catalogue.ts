import type { Statement } from '../../dialect.ts'

/** What an extension has brought (PostGIS, say) is not the application's. */
export function listTables(schema: string): Statement {
  return {
    sql: `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1`,
    params: [schema],
  }
}

/** `$1` is the schema, `$2` the names of tables. Booleans and arrays come as text. Partitioned tables count as tables. */
export const TABLES = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
  AND c.relname = ANY($2::text[]) AND c.relkind IN ('r', 'p')`

/**
 * A domain is followed to what it is made of, for the family; the type is the declared one. A type of the catalogue is shown with its
 * length, any other with its schema, since sessions have different search paths.
 */
export const COLUMNS = `WITH RECURSIVE base AS (
  SELECT t.oid AS start, t.oid, t.typtype, t.typbasetype FROM pg_type t
  WHERE t.oid IN (SELECT a.atttypid FROM ${TABLES} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0)
  UNION ALL
  SELECT base.start, t.oid, t.typtype, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd'
)
SELECT c.relname AS tbl, a.attname AS name, b.typname AS base,
  (b.typnamespace = 'pg_catalog'::regnamespace)::text AS in_catalog,
  (b.typelem <> 0 AND b.typcategory = 'A')::text AS is_array,
  CASE WHEN coalesce(e.typnamespace, d.typnamespace) = 'pg_catalog'::regnamespace THEN format_type(a.atttypid, a.atttypmod)
    WHEN e.oid IS NOT NULL THEN quote_ident(en.nspname) || '.' || quote_ident(e.typname) || '[]'
    ELSE quote_ident(dn.nspname) || '.' || quote_ident(d.typname) END AS type,
  (NOT a.attnotnull)::text AS nullable,
  (a.attgenerated <> '')::text AS generated,
  (a.attidentity <> '' OR coalesce(pg_get_expr(f.adbin, f.adrelid), '') LIKE 'nextval(%')::text AS identity,
  (a.attidentity = 'a')::text AS identity_always,
  (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder)::text FROM pg_enum l WHERE l.enumtypid = b.oid) AS labels
FROM ${TABLES}
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type d ON d.oid = a.atttypid
JOIN pg_namespace dn ON dn.oid = d.typnamespace
LEFT JOIN pg_type e ON e.oid = d.typelem AND d.typcategory = 'A'
LEFT JOIN pg_namespace en ON en.oid = e.typnamespace
JOIN base ON base.start = a.atttypid AND base.typtype <> 'd'
JOIN pg_type b ON b.oid = base.oid
LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
ORDER BY c.relname, a.attnum`

/** Types of which two equal values have the same canonical text, and two different ones different texts. */
const KEY_TYPES = [
  ...['int2', 'int4', 'int8', 'oid', 'numeric', 'bool', 'text', 'varchar', 'bpchar', 'name', 'bytea'],
  ...['date', 'time', 'timestamp', 'timestamptz', 'uuid', 'bit', 'varbit', 'inet', 'cidr', 'macaddr'],
]
  .map((type) => `'${type}'`)
  .join(', ')

/**
 * Unique indexes without expressions. A candidate for the key holds every row once: not partial, no column that may be null. `refused`
 * says why it cannot be one: a key is found by its text, so equal values must have equal texts.
 */
export const INDEXES = `SELECT c.relname AS tbl,
  (SELECT json_agg(a.attname ORDER BY k.n)::text FROM key_columns k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS columns,
  (i.indpred IS NULL AND i.indisvalid AND i.indisready
    AND NOT EXISTS (SELECT FROM key_columns k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE NOT a.attnotnull))::text AS is_candidate,
  i.indimmediate::text AS is_immediate,
  (SELECT min(CASE
      WHEN NOT (t.typtype = 'e' OR (t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN (${KEY_TYPES})))
      THEN format('its key column %s has the type %s, of which equal values may have different texts', a.attname, format_type(a.atttypid, a.atttypmod))
      WHEN NOT l.collisdeterministic
      THEN format('its key column %s has the collation %s, under which different texts are equal', a.attname, l.collname)
    END)
    FROM key_columns k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    JOIN pg_type d ON d.oid = a.atttypid
    JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
    LEFT JOIN pg_collation l ON l.oid = a.attcollation) AS refused
FROM ${TABLES}
JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indexprs IS NULL AND i.indislive
JOIN pg_class x ON x.oid = i.indexrelid
ORDER BY c.relname, i.indisprimary DESC, i.indnkeyatts, x.relname`.replaceAll(
  'key_columns k',
  `(SELECT u.attnum, u.n FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u(attnum, n) WHERE u.n <= i.indnkeyatts) k`,
)

export const FOREIGN_KEYS = `SELECT c.relname AS tbl, f.conname AS name,
  CASE WHEN r.relnamespace = c.relnamespace THEN r.relname ELSE rn.nspname || '.' || r.relname END AS referenced,
  (SELECT json_agg(a.attname ORDER BY k.n)::text FROM unnest(f.conkey) WITH ORDINALITY AS k(attnum, n)
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
  (SELECT json_agg(a.attname ORDER BY k.n)::text FROM unnest(f.confkey) WITH ORDINALITY AS k(attnum, n)
    JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS referenced_columns,
  f.confdeltype::text AS on_delete, f.confupdtype::text AS on_update, f.condeferrable::text AS is_deferrable
FROM ${TABLES}
JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
JOIN pg_class r ON r.oid = f.confrelid
JOIN pg_namespace rn ON rn.oid = r.relnamespace
ORDER BY c.relname, f.conname`
