import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Direction } from '../core/sync-words.ts'
import type { Side, SyncCourse } from '../core/words.ts'
import { countOwnReads } from './count-own-reads.ts'
import { dialectNameOf, openSyncDatabase, type SyncDatabase } from './database.ts'
import { mariadbDialect } from './dialects/mariadb/index.ts'
import { postgresDialect } from './dialects/postgres/index.ts'

/** The two databases of a capability. */
export interface DatabasePair extends Stoppable, Readonly<Record<Side, SyncDatabase>> {
  /** Where a table stands: the configured schema (default `public`), or MariaDB's only place, the address's database. */
  schemaOf(side: Side, configured: string | undefined): string
}

/** Their roles in one direction: the source takes the writes, the target is kept the same. */
export interface DatabaseRoles {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
}

export type DatabaseRole = keyof DatabaseRoles

/** `side` is the configuration's name, for messages, which never show an address with its password. */
export interface NamedDatabase {
  readonly side: string
  readonly url: string
}

export type PairAddresses = Readonly<Record<Side, NamedDatabase>>

/** Which side has which role. */
export function sidesOf(direction: Direction): { readonly source: Side; readonly target: Side } {
  return direction === 'forward'
    ? { source: 'monolith', target: 'service' }
    : { source: 'service', target: 'monolith' }
}

export function directionOf({ direction }: SyncCourse): Direction {
  return direction ?? 'forward'
}

export function rolesOf(pair: DatabasePair, direction: Direction): DatabaseRoles {
  const { source, target } = sidesOf(direction)
  // There it is asked in the end who else reads the tables.
  const written = direction === 'reverse' ? countOwnReads(pair[target]) : pair[target]
  return { source: pair[source], target: written }
}

/** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE; nothing is left open then */
export async function openPair(addresses: PairAddresses, report: ReportError): Promise<DatabasePair> {
  const [monolith, service] = await Promise.allSettled([
    openSide(addresses.monolith, report),
    openSide(addresses.service, report),
  ])
  if (monolith.status === 'rejected' || service.status === 'rejected') {
    for (const opened of [monolith, service]) if (opened.status === 'fulfilled') await opened.value.stop()
    throw monolith.status === 'rejected' ? monolith.reason : (service as PromiseRejectedResult).reason
  }
  return {
    monolith: monolith.value,
    service: service.value,
    schemaOf: (side, configured) => schemaOf(addresses[side].url, configured),
    async stop() {
      await Promise.all([monolith.value.stop(), service.value.stop()])
    },
  }
}

/** Whether two addresses lead to one database, as far as their texts tell. */
export function isSameDatabase(one: string, other: string): boolean {
  const place = (url: string) => {
    const { hostname, port, pathname } = new URL(url)
    const usual = dialectNameOf(url) === 'postgres' ? '5432' : '3306'
    return `${dialectNameOf(url)} ${hostname.replace(/^localhost$/, '127.0.0.1')}:${port || usual}${pathname}`
  }
  return place(one) === place(other)
}

/**
 * Changes nothing.
 * @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE
 */
export async function openSide({ side, url }: NamedDatabase, report: ReportError): Promise<SyncDatabase> {
  const dialect = dialectNameOf(url) === 'postgres' ? postgresDialect : mariadbDialect
  try {
    return await openSyncDatabase(url, { dialect, report })
  } catch (error) {
    throw new StranglerError(
      'STRANGLER_SYNC_DATABASE_UNREACHABLE',
      `The database of the side ${side} at ${new URL(url).host} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`,
      { fix: `Start it, or correct \`sides.${side}.database\`.`, cause: error },
    )
  }
}

export function schemaOf(url: string, configured: string | undefined): string {
  return dialectNameOf(url) === 'postgres'
    ? (configured ?? 'public')
    : decodeURIComponent(new URL(url).pathname.slice(1))
}
