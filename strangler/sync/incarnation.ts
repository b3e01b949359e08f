import { at, kitTable } from './bookkeeping.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import {
  judgeIncarnation,
  later,
  nextToken,
  type PresentDatabase,
  type RememberedDatabase,
} from './judge-incarnation.ts'

/** A database that has lost what it had, so that the two can no longer be brought together by changes alone. */
export interface LostDatabase {
  readonly role: 'source' | 'target'
  /** A sentence without its beginning: `its incarnation is an older one`. */
  readonly found: string
}

/** For people, in the status and the journal. */
export function showLost({ role, found }: LostDatabase): string {
  return `The ${role} is not the database that it was: ${found}. It was restored from a backup, or another server has taken over.`
}

export interface IncarnationOptions extends DatabaseRoles {
  readonly capability: string
  /** The newest version that the target has acknowledged: the source's log was there once. */
  readonly newestAcknowledged?: () => string | undefined
}

const LOOKS = 3

/**
 * Each database carries a token that is renewed while changes are carried, and the other remembers it. Any number of processes may look and renew
 * at once.
 */
export async function findLost(
  options: IncarnationOptions,
  roles: readonly LostDatabase['role'][] = ['target', 'source'],
): Promise<LostDatabase | undefined> {
  const { source, target, capability, newestAcknowledged } = options
  const watches = {
    target: { watched: target, keeper: source, capability },
    source: { watched: source, keeper: target, capability, newestAcknowledged },
  }
  for (const role of roles) {
    const found = await findChange(watches[role])
    if (found !== undefined) return { role, found }
  }
  return undefined
}

/** Only after `findLost` has found nothing: what is remembered now is what both are. */
export async function renewIncarnations(options: IncarnationOptions): Promise<void> {
  const { source, target, capability, newestAcknowledged } = options
  await renew({ watched: target, keeper: source, capability })
  await renew({ watched: source, keeper: target, capability, newestAcknowledged })
}

/** Under this name a database keeps what it remembers of the other. */
export function peerName(capability: string): string {
  return `peer:${capability}:other`
}

interface Watch {
  readonly watched: SyncDatabase
  readonly keeper: SyncDatabase
  readonly capability: string
  readonly newestAcknowledged?: IncarnationOptions['newestAcknowledged']
}

async function findChange(watch: Watch): Promise<string | undefined> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const before = await readMemory(watch)
    // Before the database is asked: it must have got at least as far.
    const acknowledged = watch.newestAcknowledged?.()
    const present = await readPresent(watch)
    // Somebody may renew in between: then they were not read of one moment.
    if ((await readMemory(watch)) === before)
      return judgeIncarnation(withPosition(parse(before), acknowledged), present)
  }
  return undefined
}

/** The keeper first: whatever happens in between, it knows both the old token and the new one. Then it forgets the old one. */
async function renew(watch: Watch): Promise<void> {
  const store = createDatabaseCheckpoints(watch.keeper)
  const name = peerName(watch.capability)
  let kept = await readMemory(watch)
  const acknowledged = watch.newestAcknowledged?.()
  const present = await readPresent(watch)
  const memory = withPosition(parse(kept), acknowledged)
  // It may have changed since the look before.
  if (judgeIncarnation(memory, present) !== undefined) return
  const isHalfway = memory?.tokens.length === 2 && memory.tokens[0] === present.token
  if (memory === undefined || !isHalfway) {
    const { epoch, server, durable, token } = present
    const position = later(durable, acknowledged)
    const tokens = [token, nextToken(token)]
    const next = JSON.stringify({ epoch, server, position, tokens } satisfies RememberedDatabase)
    if (!(await store.replace(name, kept, next))) return
    kept = next
  }
  const both = parse(kept)
  const [old = '', fresh = ''] = both?.tokens ?? []
  await giveToken(watch, old, fresh)
  await store.replace(name, kept, JSON.stringify({ ...both, tokens: [fresh] }))
}

function withPosition(
  memory: RememberedDatabase | undefined,
  acknowledged: string | undefined,
): RememberedDatabase | undefined {
  return memory && { ...memory, position: later(memory.position, acknowledged) }
}

function readMemory({ keeper, capability }: Watch): Promise<string | undefined> {
  return createDatabaseCheckpoints(keeper).read(peerName(capability))
}

function parse(text: string | undefined): RememberedDatabase | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as RememberedDatabase)
}

async function readPresent({
  watched,
  capability,
}: Watch): Promise<PresentDatabase & { durable: string | undefined }> {
  const { dialect } = watched
  const [server] = await watched.query(dialect.readServer())
  const [state] = await watched.query({
    sql: `SELECT epoch, incarnation FROM ${kitTable(dialect.name, 'sync_state')} WHERE capability = ${at(dialect.name, 1)}`,
    params: [capability],
  })
  return {
    epoch: Number(state?.['epoch'] ?? 0),
    token: state?.['incarnation'] ?? '',
    server: server?.['server'] ?? '',
    position: server?.['position'] ?? undefined,
    durable: server?.['durable'] ?? undefined,
  }
}

async function giveToken({ watched, capability }: Watch, old: string, fresh: string): Promise<void> {
  const dialect = watched.dialect.name
  await watched.query({
    sql: `UPDATE ${kitTable(dialect, 'sync_state')} SET incarnation = ${at(dialect, 1)} WHERE capability = ${at(dialect, 2)} AND incarnation = ${at(dialect, 3)}`,
    params: [fresh, capability, old],
  })
}
