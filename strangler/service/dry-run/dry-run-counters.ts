import type { DialectName } from '../../core/sync-words.ts'

/** A column whose values a counter gives, and which must not have one twice. */
interface Counter {
  readonly counter: string
  readonly table: string
  readonly column: string
}

/** How far ahead of the rows a counter is set, and how near the rows may come before it is set again. */
const AHEAD = 1_000
const NEAR = 100

/**
 * What a dry run asks before it begins. A sync brings rows with the ids of the other side, which PostgreSQL's counters know nothing of: the next
 * id of the service's own would be there already, and its INSERT fail in the dry run as it never would for the owner. So the counters are
 * set ahead of the rows. MariaDB's count themselves up.
 */
export async function findCounters(
  name: DialectName,
  query: (sql: string) => Promise<Counter[]>,
): Promise<string | undefined> {
  if (name !== 'postgres') return undefined
  const counters = await query(LIST)
  return counters.length === 0 ? undefined : counters.map(setAhead).join('; ')
}

// Only where an index finds the greatest at once.
const LIST = `
  SELECT DISTINCT s.counter, s."table", quote_ident(a.attname) AS "column"
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^(pg_|information_schema$|strangler)'
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
  CROSS JOIN LATERAL (
    SELECT pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) AS counter,
      format('%I.%I', n.nspname, c.relname) AS "table"
  ) s
  WHERE i.indisunique AND s.counter IS NOT NULL`

function setAhead({ counter, table, column }: Counter): string {
  const rows = `(SELECT coalesce(max(${column}), 0)::bigint AS most FROM ${table}) AS rows`
  return `SELECT setval('${counter.replaceAll("'", "''")}', rows.most + ${AHEAD}) FROM ${counter} AS counter, ${rows}
    WHERE counter.last_value < rows.most + ${NEAR}`
}
