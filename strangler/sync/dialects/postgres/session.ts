/**
 * What the texts of values depend on, in each connection of the kit: an operator may have set them otherwise for a role or a database.
 * Floats need 1 to be written so that they read back as the same number. And how the kit's transactions see each other's: one that is SERIALIZABLE, even a
 * single question, makes the application's fail with 40001.
 */
const SESSION_SETTINGS = {
  default_transaction_isolation: 'read committed',
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
