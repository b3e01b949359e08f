import { StranglerError } from '../core/errors.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { type CheckedTables, checkTables } from './check-tables.ts'
import type { DatabasePair } from './database-pair.ts'
import { checkPlaces } from './preflight/check-places.ts'
import type { Finding } from './preflight/findings.ts'

type Routes = CheckedTables['routes']

/**
 * How each table is carried, there and back, as the two databases are now.
 * @throws StranglerError STRANGLER_SYNC_REFUSED with `details.findings`
 */
export async function usableRoutes(options: CapabilitySyncOptions, pair: DatabasePair): Promise<Routes> {
  const { addresses, capability, queue, tables } = options
  const { routes, findings } = await checkTables(pair, tables, addresses)
  return refuseBlocked(capability, { routes, findings: [...checkPlaces(addresses, queue), ...findings] })
}

/** @throws StranglerError STRANGLER_SYNC_REFUSED when a finding blocks */
export function refuseBlocked(capability: string, { routes, findings }: CheckedTables): Routes {
  const blocking = findings.filter(({ severity }) => severity === 'blocks')
  if (blocking.length > 0) throw refused(capability, blocking)
  return routes
}

function refused(capability: string, findings: readonly Finding[]): StranglerError {
  const [first] = findings
  const more =
    findings.length > 1
      ? ` ${findings.length - 1} more in \`details.findings\`, and in \`strangler doctor ${capability}\`.`
      : ''
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The tables of ${capability} cannot be synced: ${first?.reason}.${more}`,
    { fix: first?.mend ?? '', details: { findings } },
  )
}
