import { StranglerError } from '../core/errors.ts'
import type { Stoppable } from '../core/ports.ts'
import { type CheckedTables, checkTables } from './check-tables.ts'
import type { Claim } from './claim-database.ts'
import type { SyncDatabase } from './database.ts'
import { openSide, schemaOf } from './database-pair.ts'
import { describeDatabase } from './described-database.ts'
import type { SourceSyncOptions } from './source-sync.ts'
import { createTransport, type Transport } from './transport.ts'
import { refuseBlocked } from './usable-routes.ts'

/** What the kit reaches of a sync whose service applies: the monolith, the queue, and what the applier has put up there. */
export interface SourceAccess extends Stoppable {
  claim(): Promise<Claim>
  transport(): Promise<Transport>
  /** @throws the database's errors; the next call tries anew */
  source(): Promise<SyncDatabase>
  /** @throws STRANGLER_SYNC_REFUSED while the applier has not been heard of, or when the tables do not fit */
  readRoutes(): Promise<CheckedTables['routes']['forward']>
}

export function createSourceAccess(options: SourceSyncOptions): SourceAccess {
  const { capability, tables, monolith, service, queue, report } = options
  let opened: Promise<SyncDatabase> | undefined
  let carrying: Transport | undefined

  async function claim(): Promise<Claim> {
    return { capability, installation: await options.installation() }
  }
  async function transport(): Promise<Transport> {
    const own = await claim()
    carrying ??= createTransport({ ...own, direction: 'forward', server: queue, report })
    return carrying
  }
  async function source(): Promise<SyncDatabase> {
    opened ??= openSide(monolith, report)
    try {
      return await opened
    } catch (error) {
      opened = undefined
      throw error
    }
  }

  return {
    claim,
    transport,
    source,
    async readRoutes() {
      const notice = await (await transport()).readNotice()
      if (notice === undefined) throw silent(capability)
      const pair = {
        monolith: await source(),
        service: describeDatabase(notice),
        schemaOf: (_side: unknown, schema: string | undefined) => schemaOf(monolith.url, schema),
        stop: async () => undefined,
      }
      const addresses = { monolith, service: { side: service, url: monolith.url } }
      return refuseBlocked(capability, await checkTables(pair, tables, addresses)).forward
    },
    async stop() {
      await carrying?.stop()
      await (await opened?.catch(() => undefined))?.stop()
    },
  }
}

function silent(capability: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The service of ${capability} applies for itself (\`capabilities.${capability}.applier\`), and its applier has not been heard of: the kit does not know its tables.`,
    { fix: 'Start the service with createSyncApplier on the kit’s queue, then repeat the command.' },
  )
}

export function unseen(capability: string, service: string, what: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `The kit has no address of the database of ${service}, so for ${capability} it cannot ${what}.`,
    { fix: `Set \`sides.${service}.database\`; the service still applies for itself.` },
  )
}
