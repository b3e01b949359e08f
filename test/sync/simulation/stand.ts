import { setTimeout as delay } from 'node:timers/promises'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { type DatabasePair, type DatabaseRoles, openPair } from '../../../strangler/sync/database-pair.ts'
import { installSync } from '../../../strangler/sync/install-sync.ts'
import { TWINS, type TwinName } from './broken-twins.ts'
import { compareRows, type Differences } from './compare-rows.ts'
import { type EndConfig, type QueuePlace, routesOf, type Shapes } from './end-config.ts'
import { type EndProcess, startEnd } from './end-process.ts'
import { createHub, type Hub } from './hub.ts'
import { createRandom } from './random.ts'
import { TABLES, writeSchema, writeSeed } from './shop-schema.ts'
import { changesOf, createSide, kitTable, type Side } from './side.ts'

export interface DialectPair {
  readonly source: DialectName
  readonly target: DialectName
}

export interface StandOptions {
  readonly pair: DialectPair
  readonly seed: number
  readonly queue?: QueuePlace | undefined
  readonly faults?: EndConfig['faults']
  readonly twin?: TwinName | undefined
  readonly singly?: boolean | undefined
  /** Databases that are there already: for servers of a test's own. */
  readonly sides?: { readonly source: Side; readonly target: Side } | undefined
}

type Role = EndConfig['role']

/** Two databases, the queue, and the two ends of the sync in processes of their own. */
export interface Stand {
  readonly options: StandOptions
  readonly source: Side
  readonly target: Side
  readonly hub: Hub
  /** What the ends reported, counted. */
  readonly reports: Record<string, number>
  /** The product's own installation, by its own connections. */
  install(): Promise<void>
  /** Starts, or starts again, one end. */
  start(role: Role, extra?: Partial<EndConfig>): Promise<EndProcess>
  kill(role: Role): Promise<void>
  end(role: Role): EndProcess
  /** The two databases as the product opens them. */
  roles(): DatabaseRoles
  shapes(): Shapes
  /** Starts both again, from now on without lost, doubled and delayed messages. */
  calm(): Promise<void>
  /** Every start from now on is in a new epoch. */
  raiseEpoch(): void
  entries(): Promise<number>
  quarantined(): Promise<number>
  /** Waits until the log and the quarantine are empty and the backfill is done; gives how long that took, or undefined. */
  settle(withinMs: number): Promise<number | undefined>
  /** What keeps it from being settled, for whoever reads of a failure. */
  describe(): Promise<string>
  compare(): Promise<Differences>
  close(): Promise<void>
}

export async function openStand(options: StandOptions): Promise<Stand> {
  const source = options.sides?.source ?? (await createSide(options.pair.source, 'sim_source'))
  const target = options.sides?.target ?? (await createSide(options.pair.target, 'sim_target'))
  for (const sql of [...writeSchema(source.dialect, 'source'), ...writeSeed(source.dialect)]) {
    await source.run(options.twin === 'deferrable key' ? deferKey(sql) : sql)
  }
  for (const sql of writeSchema(target.dialect, 'target')) await target.run(sql)
  return createStand(options, source, target)
}

/** What the pre-flight refuses. */
function deferKey(sql: string): string {
  return sql.replace(/(CREATE TABLE slot \(\s+id bigint PRIMARY KEY)/, '$1 DEFERRABLE INITIALLY DEFERRED')
}

function createStand(options: StandOptions, source: Side, target: Side): Stand {
  const hub = createHub(createRandom(options.seed ^ 0x1b))
  const { reports, report } = createReports()
  let pair: DatabasePair | undefined
  let roles: DatabaseRoles | undefined
  let shapes: Shapes | undefined
  let epoch = 1
  let { faults } = options

  async function install(): Promise<void> {
    pair = await openSides(source, target, (operation, error) => report(`${operation}: ${error}`))
    roles = rolesWithTwin(options.twin, pair)
    shapes = { monolith: await readShapes(pair, 'monolith'), service: await readShapes(pair, 'service') }
    await installWithPatience(roles, routesOf(shapes), { capability: 'shop' })
  }

  const ends = new Map<Role, EndProcess>()
  const start = createStarts(ends, (role, extra) => {
    const { dialect, url } = role === 'source' ? source : target
    const { queue = { kind: 'hub' }, twin, singly } = options
    const config = { role, dialect, url, shapes: shapes!, epoch, queue, faults, twin, singly }
    const end = startEnd({ ...config, ...extra }, report)
    hub.attach(end.child)
    return end
  })

  const count = async (side: Side, table: string) =>
    Number((await side.run(`SELECT count(*) AS n FROM ${kitTable(side.dialect, table)}`))[0]?.['n'])
  const entries = async () =>
    Number((await source.run(`SELECT count(*) AS n FROM ${changesOf(source)}`))[0]?.['n'])
  const quarantined = () => count(target, 'quarantine')

  const isSettled = async () =>
    ends.get('source')?.status()?.backfilled === true &&
    (await entries()) === 0 &&
    (await quarantined()) === 0

  async function describe(): Promise<string> {
    const exits = exitsOf(ends)
    const waiting = await source.run(`SELECT * FROM ${changesOf(source)} LIMIT 5`)
    const refused = await target.run(`SELECT * FROM ${kitTable(target.dialect, 'quarantine')} LIMIT 5`)
    const status = ends.get('source')?.status()
    return JSON.stringify({ entries: await entries(), exits, status, epoch, waiting, refused, reports })
  }

  return {
    ...{ options, source, target, hub, reports },
    install,
    describe,
    start,
    kill: async (role) => ends.get(role)?.kill(),
    end: (role) => ends.get(role)!,
    roles: () => roles!,
    shapes: () => shapes!,
    async calm() {
      faults = undefined
      await Promise.all([start('source'), start('target')])
    },
    raiseEpoch() {
      epoch += 1
    },
    entries,
    quarantined,
    settle: (withinMs) => tookUntil(isSettled, withinMs),
    compare: () => compareRows(source, target),
    async close() {
      await Promise.all([...ends.values()].map((end) => end.kill()))
      await pair?.stop()
      await Promise.all([source.drop(), target.drop()])
    },
  }
}

/** Numbers aside: they differ each time. */
function createReports() {
  const reports: Record<string, number> = {}
  const report = (text: string) => {
    const plain = text.replaceAll(/\d+/g, 'N')
    reports[plain] = (reports[plain] ?? 0) + 1
  }
  return { reports, report }
}

async function tookUntil(isSo: () => Promise<boolean>, withinMs: number): Promise<number | undefined> {
  const began = Date.now()
  for (; Date.now() - began < withinMs; await delay(50)) if (await isSo()) return Date.now() - began
  return undefined
}

function exitsOf(ends: ReadonlyMap<Role, EndProcess>) {
  return Object.fromEntries(
    [...ends].map(([role, { child }]) => [role, child.exitCode ?? child.signalCode ?? 'runs']),
  )
}

/** In turn: two that killed the same one would both begin, and the first would live on unknown and take the answers to the other. */
function createStarts(
  ends: Map<Role, EndProcess>,
  begin: (role: Role, extra: Partial<EndConfig>) => EndProcess,
): Stand['start'] {
  const turns = new Map<Role, Promise<EndProcess>>()
  const replace = async (role: Role, extra: Partial<EndConfig>) => {
    await ends.get(role)?.kill()
    const end = begin(role, extra)
    ends.set(role, end)
    return end
  }
  return async (role, extra = {}) => {
    const replaced = (turns.get(role) ?? Promise.resolve()).then(() => replace(role, extra))
    turns.set(role, replaced)
    const end = await replaced
    await end.ready
    return end
  }
}

/** Long transactions may keep the tables; the command says that it is to be repeated then. */
async function installWithPatience(...install: Parameters<typeof installSync>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await installSync(...install)
    } catch (error) {
      if (attempt === 5 || !String((error as { code?: string }).code).startsWith('STRANGLER_SYNC_REFUSED'))
        throw error
    }
  }
}

function openSides(
  source: Side,
  target: Side,
  report: (operation: string, error: unknown) => void,
): Promise<DatabasePair> {
  return openPair(
    { monolith: { side: 'monolith', url: source.url }, service: { side: 'service', url: target.url } },
    report,
  )
}

function rolesWithTwin(name: TwinName | undefined, { monolith, service }: DatabasePair): DatabaseRoles {
  const twin = name === undefined ? undefined : TWINS[name]
  return {
    source: { ...monolith, dialect: twin?.source?.(monolith.dialect) ?? monolith.dialect },
    target: service,
  }
}

function readShapes(pair: DatabasePair, side: 'monolith' | 'service') {
  const { dialect, query } = pair[side]
  return dialect.introspect(query, pair.schemaOf(side, undefined), TABLES)
}
