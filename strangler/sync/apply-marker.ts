/**
 * What an applier's session says of itself while it applies: the tables of its capability. Capture is silent for these alone, since they came
 * from the other side; what a cascade or the application's own triggers change elsewhere is news. The guards let pass whoever says anything.
 * ASCII, and no name ends inside another: ` order%20line stock `.
 */
export function writeMarker(tables: readonly string[]): string {
  return ` ${tables.map(encodeURIComponent).join(' ')} `
}

/** What stands in the marker of whoever applies to this table. */
export function markOf(table: string): string {
  return writeMarker([table])
}

/** What appliers of an earlier version of the kit, which may run beside the new triggers, say: it stands for every table. */
export const MARKS_ALL = '1'
