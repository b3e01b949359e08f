/** The table that is moved, as the configuration names it. */
export const TABLES = [{ table: 'item', as: 'entry', columns: { hits: 'count' } }]
