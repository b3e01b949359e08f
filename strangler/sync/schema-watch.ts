import { StranglerError } from '../core/errors.ts'
import type { Direction, TableShape } from '../core/sync-words.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { compareFingerprints, type Fingerprint, takeFingerprint } from './fingerprint.ts'
import type { TableRoute } from './mapping.ts'

export interface InstalledSync extends DatabaseRoles {
  readonly capability: string
  readonly direction: Direction
  readonly routes: readonly TableRoute[]
}

interface Fingerprints {
  readonly source: Fingerprint
  readonly target: Fingerprint
}

const SHOWN = 6

/** What the triggers and the mapping were made for; kept beside the log. @returns whether it is another than before */
export async function recordSchema(sync: InstalledSync): Promise<boolean> {
  const store = createDatabaseCheckpoints(sync.source)
  const name = nameOf(sync)
  const state = JSON.stringify({
    source: takeFingerprint(sync.routes.map(({ source }) => source.table)),
    target: takeFingerprint(sync.routes.map(({ target }) => target.table)),
  })
  const before = await store.read(name)
  if (before !== state) await store.write(name, state)
  return before !== undefined && before !== state
}

/** Why the sync must not go on: the tables are not what they were at the installation. Undefined when they are. */
export async function findSchemaChange(sync: InstalledSync): Promise<StranglerError | undefined> {
  const known = await createDatabaseCheckpoints(sync.source).read(nameOf(sync))
  if (known === undefined) {
    await recordSchema(sync)
    return undefined
  }
  const installed = JSON.parse(known) as Fingerprints
  const [source, target] = await Promise.all([
    readFingerprint(
      sync.source,
      sync.routes.map((route) => route.source.table),
    ),
    readFingerprint(
      sync.target,
      sync.routes.map((route) => route.target.table),
    ),
  ])
  const isForward = sync.direction === 'forward'
  const differences = [
    ...compareFingerprints(installed.source, source).map(
      (text) => `${isForward ? 'monolith' : 'service'}: ${text}`,
    ),
    ...compareFingerprints(installed.target, target).map(
      (text) => `${isForward ? 'service' : 'monolith'}: ${text}`,
    ),
  ]
  return differences.length === 0 ? undefined : schemaChanged(sync.capability, differences)
}

async function readFingerprint(database: SyncDatabase, tables: readonly TableShape[]): Promise<Fingerprint> {
  const schemas = Map.groupBy(tables, ({ schema }) => schema)
  const shapes: TableShape[] = []
  for (const [schema, own] of schemas) {
    const names = own.map(({ name }) => name)
    shapes.push(...(await database.dialect.introspect(database.query, schema, names)))
  }
  return takeFingerprint(shapes)
}

function schemaChanged(capability: string, differences: readonly string[]): StranglerError {
  const more = differences.length > SHOWN ? `; and ${differences.length - SHOWN} more` : ''
  return new StranglerError(
    'STRANGLER_SYNC_SCHEMA_CHANGED',
    `The sync of ${capability} is paused, because its tables are not what they were when it was installed: ${differences.slice(0, SHOWN).join('; ')}${more}. Changes wait in the log.`,
    {
      fix: `Make both sides fit each other, then \`strangler sync install ${capability}\`; undone, it goes on by itself.`,
      details: { differences },
    },
  )
}

function nameOf({ capability, direction }: InstalledSync): string {
  return `schema:${capability}:${direction}`
}
