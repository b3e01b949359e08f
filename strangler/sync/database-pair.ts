import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { dialectNameOf, openSyncDatabase, type SyncDatabase } from './database.ts'
import { mariadbDialect } from './dialects/mariadb/index.ts'
import { postgresDialect } from './dialects/postgres/index.ts'

/** The two databases of a capability: the source takes the writes, the target is kept the same. */
export interface DatabasePair extends Stoppable {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
  /** Where a table stands: the configured schema (default `public`), or MariaDB's only place, the address's database. */
  sourceSchema(configured: string | undefined): string
  targetSchema(configured: string | undefined): string
}

export interface PairAddresses {
  /** Named in messages, which never show an address with its password. */
  readonly source: { readonly side: string; readonly url: string }
  readonly target: { readonly side: string; readonly url: string }
}

/** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE; nothing is left open then */
export async function openPair(addresses: PairAddresses, report: ReportError): Promise<DatabasePair> {
  const [source, target] = await Promise.allSettled([
    openSide(addresses.source, report),
    openSide(addresses.target, report),
  ])
  if (source.status === 'rejected' || target.status === 'rejected') {
    for (const opened of [source, target]) if (opened.status === 'fulfilled') await opened.value.stop()
    throw source.status === 'rejected' ? source.reason : (target as PromiseRejectedResult).reason
  }
  return {
    source: source.value,
    target: target.value,
    sourceSchema: (configured) => schemaOf(addresses.source.url, configured),
    targetSchema: (configured) => schemaOf(addresses.target.url, configured),
    async stop() {
      await Promise.all([source.value.stop(), target.value.stop()])
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

async function openSide(
  { side, url }: { side: string; url: string },
  report: ReportError,
): Promise<SyncDatabase> {
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

function schemaOf(url: string, configured: string | undefined): string {
  return dialectNameOf(url) === 'postgres'
    ? (configured ?? 'public')
    : decodeURIComponent(new URL(url).pathname.slice(1))
}
