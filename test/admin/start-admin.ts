import { type AdminServerOptions, createAdminServer } from '../../strangler/admin/admin-server.ts'
import { createFindingsCache } from '../../strangler/admin/guide/guide-sources.ts'
import type { AdminTokens } from '../../strangler/admin/tokens.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Config } from '../../strangler/config/schema.ts'
import type { JournalEntry } from '../../strangler/core/words.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createTestDatabase } from '../support/postgres.ts'

export const TOKENS: AdminTokens = { operator: 'operator-token-for-tests', viewer: 'viewer-token-for-tests' }

export const CONFIG: Config = checkConfig({
  sides: {
    monolith: 'http://127.0.0.1:3000',
    inventory: 'http://127.0.0.1:3001',
    orders: 'http://127.0.0.1:3002',
  },
  capabilities: {
    // Without tables, so that every toggle is free.
    inventory: {
      endpoints: [
        'GET /api/inventory/:sku',
        'POST /api/inventory/:sku/reservations',
        { endpoint: 'GET /api/inventory', mode: 'canary=50' },
      ],
      unit: { header: 'x-user' },
      targeting: [{ header: { name: 'x-beta', value: 'yes' }, target: 'service' }],
    },
    orders: { endpoints: ['GET /api/orders/:id', 'POST /api/orders'], tables: ['orders'] },
  },
})

export interface RunningAdmin {
  readonly url: string
  readonly control: ControlDatabase
  readonly logged: { level: string; fields: object; message: string }[]
  /** What the process has heard of; lags behind the journal on purpose when `deaf`. */
  readonly options: AdminServerOptions
  turnClock(ms: number): void
  /** The control database's, as far as it is asked for the time. */
  turnDatabaseClock(ms: number): void
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** A command as the operator, with the journal's present version. */
  command(path: string, body: object): Promise<Answer>
  version(): Promise<number>
  stop(): Promise<void>
}

export interface CallOptions {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly body: any
}

/** The real admin server on the real control database; `deaf` does not watch the journal. */
export async function startAdmin({
  deaf = false,
  config = CONFIG,
  ...over
}: { deaf?: boolean; config?: Config } & Partial<AdminServerOptions> = {}): Promise<RunningAdmin> {
  const database = await createTestDatabase('admin')
  const control = await openControlDatabase(database.url)
  const logged: RunningAdmin['logged'] = []
  let state = EMPTY_STATE
  let table = compileTable(config, state)
  let now = Date.now()
  let databaseAheadMs = 0
  const onEntries = (entries: JournalEntry[]) => {
    state = foldJournal(state, entries)
    table = compileTable(config, state)
  }
  if (!deaf) await control.journal.watch({ afterVersion: 0, onEntries })
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message })
  const options: AdminServerOptions = {
    journal: control.journal,
    registrations: {
      ...control.registrations,
      now: async () => (await control.registrations.now()) + databaseAheadMs,
    },
    config,
    currentState: () => state,
    currentTable: () => table,
    clock: () => now,
    tokens: TOKENS,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'strangler_up 1\n' }),
    readiness: () => ({ ready: true, reasons: [] }),
    guide: {
      traffic: control.traffic,
      lagOf: () => undefined,
      findings: createFindingsCache(() => now),
      evidence: control.evidence,
    },
    comparisons: { store: control.comparisons, askSide: async () => ({ kind: 'skipped', reason: 'busy' }) },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    ...over,
  }
  const server = createAdminServer(options)
  const { url } = await server.start('127.0.0.1', 0)
  const version = async () => (await control.journal.history({ limit: 1 }))[0]?.version ?? 0
  const call = (method: string, path: string, callOptions: CallOptions = {}) =>
    callAdmin(`${url}${path}`, method, callOptions)

  return {
    url,
    control,
    logged,
    options,
    turnClock: (ms) => {
      now += ms
    },
    turnDatabaseClock: (ms) => {
      databaseAheadMs += ms
    },
    call,
    version,
    command: async (path, body) =>
      call('POST', path, { token: TOKENS.operator, body: { expectedVersion: await version(), ...body } }),
    async stop() {
      await server.stop()
      await server.stop()
      await control.stop()
      await database.drop()
    },
  }
}

async function callAdmin(
  url: string,
  method: string,
  { token, body, headers }: CallOptions,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}
