/** What this service is. `strangler extract` writes this file anew for each service; here it stands for any. */
export const ABOUT = {
  capability: 'example',
  /** The kind of its own database. */
  dialect: 'postgres' as 'postgres' | 'mariadb',
  port: 3_001,
  /** By their names here; the applier keeps them. */
  tables: [] as string[],
}
