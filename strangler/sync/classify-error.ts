import { isFenceRefusal } from './fence-refusal.ts'

/**
 * What a database's error means for a row or a job: `unique` and `reference` wait for other rows, `retry` lost against someone else's lock,
 * `unreachable` says nothing about the row, `overtaken` is a fence's refusal of whoever comes too late, `other` is about the row itself or the table.
 */
export type DatabaseErrorKind = 'unique' | 'reference' | 'retry' | 'unreachable' | 'overtaken' | 'other'

/** SQLSTATEs of PostgreSQL, error numbers of MariaDB. */
const KINDS: Readonly<Record<string, DatabaseErrorKind>> = {
  '23505': 'unique',
  '23P01': 'unique',
  '1062': 'unique',
  '1586': 'unique',
  // What the upsert raises when it has met another row by a unique value.
  '1242': 'unique',
  '23503': 'reference',
  '23001': 'reference',
  '1216': 'reference',
  '1217': 'reference',
  '1451': 'reference',
  '1452': 'reference',
  '40001': 'retry',
  '40P01': 'retry',
  '55P03': 'retry',
  '57014': 'retry',
  '1020': 'retry',
  '1205': 'retry',
  '1213': 'retry',
  '1969': 'retry',
}

/** Lost, refused or not yet there. */
const UNREACHABLE =
  /^(08...|57P0.|53300|E(CONN(REFUSED|RESET)|PIPE|TIMEDOUT|HOSTUNREACH)|ENOTFOUND|PROTOCOL_CONNECTION_LOST|1040|1927|2006|2013)$/
const UNREACHABLE_MESSAGE =
  /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|closed state|query read timeout|not queryable|connect E/i

export function classifyError(error: unknown): DatabaseErrorKind {
  if (isFenceRefusal(error)) return 'overtaken'
  const known = codesOf(error).find((code) => KINDS[code] !== undefined)
  if (known !== undefined) return KINDS[known]!
  if (codesOf(error).some((code) => UNREACHABLE.test(code))) return 'unreachable'
  return UNREACHABLE_MESSAGE.test(describe(error)) ? 'unreachable' : 'other'
}

/** PostgreSQL's; nothing was done. */
export function isUnknownTable(error: unknown): boolean {
  return codesOf(error).includes('42P01')
}

/**
 * Where databases quote a value of a row in their sentences. Names of tables, columns and constraints stay: without them nobody finds the
 * reason. PostgreSQL keeps the rest of the row in fields of its own, which nobody reads here.
 */
const VALUES: readonly [RegExp, string][] = [
  [/^((?:invalid|malformed) [^"]*: )"[\s\S]*"/, '$1…'],
  [/(value |out of range: |too long for type [^"]*: )"[\s\S]*"/, '$1…'],
  [/^(Duplicate entry )'[\s\S]*'( for key )/, '$1…$2'],
  [/^((?:Incorrect|Truncated incorrect|Invalid) [^']*value: )'[\s\S]*?'( for |$)/, '$1…$2'],
]

/** The driver's own sentence, for the quarantine, without the values of the row; what the upsert raises on purpose is put in words. */
export function describe(error: unknown): string {
  if (codesOf(error).includes('1242'))
    return 'There is another row with the same value of a unique key; texts that differ only in spaces at the end, or by what the collation ignores, count as the same.'
  const sentence = error instanceof Error ? error.message : String(error)
  return VALUES.reduce((text, [value, shown]) => text.replace(value, shown), sentence)
}

/** TypeORM wraps the driver's error, and copies its fields. */
function codesOf(error: unknown): string[] {
  const { code, errno, driverError } = (error ?? {}) as Record<string, unknown>
  const inner = (driverError ?? {}) as Record<string, unknown>
  return [code, errno, inner['code'], inner['errno']]
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String)
}
