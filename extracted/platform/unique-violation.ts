import { QueryFailedError } from 'typeorm'

const CODES = new Set(['23505', 'ER_DUP_ENTRY'])

/** True when a unique constraint refused the write (PostgreSQL and MariaDB name it differently). */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false
  const { code } = error.driverError as { code?: string }
  return code !== undefined && CODES.has(code)
}
