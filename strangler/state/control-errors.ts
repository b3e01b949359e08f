import { StranglerError } from '../core/errors.ts'

/** Runs one statement against the control database; a failure of the connection becomes the catalogue's error. */
export type RunControl = <T>(operation: string, run: () => Promise<T>) => Promise<T>

/** `address` is the database without its password, for messages. */
export function createRunControl(address: string): RunControl {
  return async (operation, run) => {
    try {
      return await run()
    } catch (error) {
      if (error instanceof StranglerError || !isConnectionFailure(error)) throw error
      throw unreachable(address, operation, error)
    }
  }
}

export function unreachable(address: string, operation: string, cause: unknown): StranglerError {
  const found = cause instanceof Error ? firstMessage(cause) : String(cause)
  return new StranglerError(
    'STRANGLER_CONTROL_DATABASE_UNREACHABLE',
    `The control database at ${address} could not be used (${operation}): ${found}. Proxies go on with the table they have; nothing can be changed until it answers.`,
    { fix: fixOf(failureCode(cause)), cause },
  )
}

/** What answers, and takes nothing, is not mended by starting it. */
function fixOf(code: string | undefined): string {
  if (code === FULL) return 'Free space on its disk; nothing has to be started again.'
  if (code === READ_ONLY)
    return 'It takes no writes: correct `control.url` in strangler.config.ts to name the primary, not a standby.'
  return 'Start it, or correct `control.url` in strangler.config.ts.'
}

/** The address of a database without user and password. */
export function showDatabase(url: string): string {
  if (!URL.canParse(url)) return 'an address that cannot be read'
  const { hostname, port, pathname } = new URL(url)
  return `${hostname}:${port || 5432}${pathname}`
}

/** The SQLSTATE or the system's code of a failure, wherever TypeORM has put it. */
export function failureCode(error: unknown): string | undefined {
  const at = error as { code?: unknown; driverError?: { code?: unknown } } | null
  const code = at?.driverError?.code ?? at?.code
  return typeof code === 'string' ? code : undefined
}

const FULL = '53100'
const READ_ONLY = '25006'
// 08… connection exceptions, 57P… shutdown and start, 53… no disk, memory or connection left, 57014 the statement's own deadline.
const unreachableState = new RegExp(`^(08...|57P0.|53...|57014|${READ_ONLY})$`)
const unreachableSystem = /^(ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/

function isConnectionFailure(error: unknown): boolean {
  const code = failureCode(error)
  if (code !== undefined) return unreachableState.test(code) || unreachableSystem.test(code)
  return (
    error instanceof Error && /connection|timeout|not queryable|Driver not Connected/i.test(error.message)
  )
}

// A connection that was tried over IPv6 and IPv4 fails with an AggregateError whose own message is empty.
function firstMessage(error: Error): string {
  if (error.message !== '') return error.message
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause
  return inner instanceof Error ? firstMessage(inner) : error.name
}
