import { StranglerError } from '../core/errors.ts'
import type { Direction } from '../core/sync-words.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { checkTables, type Finding } from './check-tables.ts'
import { type DatabasePair, isSameDatabase } from './database-pair.ts'
import type { TableRoute } from './mapping.ts'

/**
 * How each table is carried, there and back.
 * @throws StranglerError STRANGLER_SYNC_REFUSED with `details.findings`
 */
export async function usableRoutes(
  options: CapabilitySyncOptions,
  pair: DatabasePair,
): Promise<Readonly<Record<Direction, readonly TableRoute[]>>> {
  const { routes, findings } = await checkTables(pair, options.tables)
  const all = [...checkPlaces(options), ...findings]
  if (all.length > 0) throw refused(options.capability, all)
  return routes
}

function checkPlaces({ addresses: { monolith, service }, queue, tables }: CapabilitySyncOptions): Finding[] {
  const table = tables.map((entry) => entry.table).join(', ')
  const same = isSameDatabase(monolith.url, service.url)
    ? [
        {
          table,
          reason: `\`sides.${monolith.side}.database\` and \`sides.${service.side}.database\` are one database`,
          mend: 'Give the service a database of its own.',
        },
      ]
    : []
  const queueInside = queue.kind === 'postgres' && isSameDatabase(queue.url, monolith.url)
  return queueInside
    ? [
        ...same,
        {
          table,
          reason: 'the queue would stand in the database of the monolith, which must not bear its load',
          mend: 'Set `control.url` to a database of its own, or `redis.url`.',
        },
      ]
    : same
}

function refused(capability: string, findings: readonly Finding[]): StranglerError {
  const [first] = findings
  const more = findings.length > 1 ? ` ${findings.length - 1} more in \`details.findings\`.` : ''
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The tables of ${capability} cannot be synced: ${first?.reason}.${more}`,
    { fix: first?.mend ?? '', details: { findings } },
  )
}
