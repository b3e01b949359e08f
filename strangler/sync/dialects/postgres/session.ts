/**
 * What the texts of values depend on, in each connection of the kit: an operator may have set them otherwise for a role or a database.
 * Floats need 1 to be written so that they read back as the same number.
 */
const SESSION_SETTINGS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  xmloption: 'content',
} as const

export function session(): string[] {
  return Object.entries(SESSION_SETTINGS).map(([name, value]) => `SET ${name} = '${value}'`)
}
