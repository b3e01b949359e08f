/** Catalogues in which an object of the kit could stay behind; of each, every column that is not a counter or a moving number. */
const CATALOGUES = `
  SELECT 'class' AS kind, relnamespace::regnamespace || '.' || relname || ' ' || relkind::text || ' ' || relhasrules::text || ' ' || coalesce(relacl::text, '') || coalesce(reloptions::text, '') AS what FROM pg_class
  UNION ALL SELECT 'proc', oid::regprocedure || coalesce(prosrc, '') || coalesce(proconfig::text, '') FROM pg_proc
  UNION ALL SELECT 'trigger', tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger
  UNION ALL SELECT 'namespace', nspname || coalesce(nspacl::text, '') FROM pg_namespace
  UNION ALL SELECT 'type', typnamespace::regnamespace || '.' || typname FROM pg_type
  UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
  UNION ALL SELECT 'attribute', attrelid::regclass || '.' || attname FROM pg_attribute WHERE attnum > 0
  UNION ALL SELECT 'default', adrelid::regclass || ' ' || pg_get_expr(adbin, adrelid) FROM pg_attrdef
  UNION ALL SELECT 'setting', setdatabase || ' ' || setrole || setconfig::text FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL SELECT 'event trigger', evtname FROM pg_event_trigger
  UNION ALL SELECT 'extension', extname FROM pg_extension
  UNION ALL SELECT 'publication', pubname FROM pg_publication
  ORDER BY 1, 2`

/** All that a PostgreSQL database consists of but its rows. */
export async function readCatalogue(
  query: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>,
): Promise<string[]> {
  return (await query(CATALOGUES)).map((row) => `${row['kind']} ${row['what']}`)
}
