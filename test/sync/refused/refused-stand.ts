import type { DialectName } from '../../../strangler/core/sync-words.ts'
import type { SyncDatabase, TextRow } from '../../../strangler/sync/database.ts'
import {
  createSourceEnd,
  createTargetEnd,
  type SourceEnd,
  type TargetEnd,
} from '../../../strangler/sync/link.ts'
import { compileMapping } from '../../../strangler/sync/mapping.ts'
import type { RelayBounds } from '../../../strangler/sync/relay.ts'
import type { Transport } from '../../../strangler/sync/transport.ts'
import { openSide } from '../open-side.ts'

/** Two databases of one kind with the same tables, capture in one, and the ends of a link that may be made more than once. */
export interface RefusedStand {
  readonly source: SyncDatabase
  /** The application at the source. */
  app(sql: string): Promise<void>
  /** A transaction of the application that is open until it is told to commit. */
  beginLate(sql: string): Promise<() => Promise<void>>
  /** Somebody at the target, past the kit. */
  inTarget(sql: string): Promise<TextRow[]>
  openSource(transport: Transport, bounds: RelayBounds): SourceEnd
  openTarget(transport: Transport): TargetEnd
  close(): Promise<void>
}

export interface RefusedOptions {
  readonly kind: DialectName
  readonly tables: readonly string[]
  /** Run on both sides before anything is installed. */
  readonly schema: readonly string[]
}

export async function openRefusedStand({ kind, tables, schema }: RefusedOptions): Promise<RefusedStand> {
  const [there, here] = await Promise.all([
    openSide(kind, 'refused_w', 60_000),
    openSide(kind, 'refused_t', 60_000),
  ])
  for (const sql of schema) await Promise.all([there.run(sql), here.run(sql)])
  const { dialect } = there.database
  const shapes = await dialect.introspect(there.database.query, there.schema, tables)
  const copies = await dialect.introspect(here.database.query, here.schema, tables)
  for (const sql of dialect.captureUp(shapes)) await there.run(sql)
  for (const sql of dialect.targetUp()) await here.run(sql)
  const routes = tables.map((table) => {
    const find = (among: typeof shapes) => among.find(({ name }) => name === table)!
    return compileMapping({ table }, find(shapes), find(copies)).forward
  })
  const basis = (transport: Transport) => {
    const head = { capability: 'shop', installation: 'test', direction: 'forward', epoch: 1 } as const
    return { ...head, routes, transport, report: () => undefined }
  }
  return {
    source: there.database,
    app: async (sql) => void (await there.run(sql)),
    async beginLate(sql) {
      const { promise: told, resolve: commit } = Promise.withResolvers<void>()
      const { promise: written, resolve: wrote } = Promise.withResolvers<void>()
      const done = there.application.transaction(async (run) => {
        await run({ sql, params: [] })
        wrote()
        await told
      })
      await Promise.race([written, done])
      return async () => {
        commit()
        await done
      }
    },
    inTarget: here.run,
    openSource: (transport, bounds) =>
      createSourceEnd({ ...basis(transport), bounds, source: there.database }),
    openTarget: (transport) => createTargetEnd({ ...basis(transport), target: here.database }),
    async close() {
      await Promise.all([there.close(), here.close()])
    },
  }
}
