import { onTestFinished } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { ConfigInput } from '../../strangler/config/schema.ts'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import type { BreakerState } from '../../strangler/proxy/breaker.ts'
import { createProxyServer, type ProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { RawClient } from '../conformance/tools/raw-client.ts'
import { RawUpstream, type UpstreamScript } from '../conformance/tools/raw-upstream.ts'
import { stateOf } from '../support/tables.ts'

export const SECRET = Buffer.alloc(32, 7)
export const OPERATOR_TOKEN = 'the-operator-token'

type Capability = NonNullable<ConfigInput['capabilities']>[string]

export interface StandOptions {
  /** The one capability, `inventory`. */
  readonly capability?: Partial<Capability>
  readonly config?: Omit<ConfigInput, 'sides' | 'capabilities'>
  readonly monolith?: UpstreamScript
  readonly service?: UpstreamScript
  readonly extraSides?: Readonly<Record<string, string>>
}

/** The proxy between two scripted sides, with a journal that the test writes and a clock that it turns. */
export interface ProxyStand {
  readonly proxy: ProxyServer
  readonly address: { readonly host: string; readonly port: number }
  readonly url: string
  readonly monolith: RawUpstream
  readonly service: RawUpstream
  readonly records: ExchangeRecord[]
  readonly breakerStates: BreakerState[]
  readonly acknowledged: string[][]
  /** Appends decisions and serves by them. */
  decide(...events: JournalEvent[]): void
  turnClock(ms: number): void
  connect(): Promise<RawClient>
  /** Resolves when so many exchanges are over. */
  recorded(count: number): Promise<void>
}

/** A side that answers every request with its name. */
export const answerAs =
  (name: string): UpstreamScript =>
  async (exchange) => {
    await exchange.body()
    exchange.answer('200 OK', [], name)
  }

/** Everything it starts ends with the test. */
export async function startStand(options: StandOptions = {}): Promise<ProxyStand> {
  const monolith = await new RawUpstream(options.monolith ?? answerAs('monolith')).start()
  const service = await new RawUpstream(options.service ?? answerAs('service')).start()
  const config = checkConfig({
    ...options.config,
    sides: { monolith: urlOf(monolith), inventory: urlOf(service), ...options.extraSides },
    capabilities: {
      inventory: {
        ...options.capability,
        endpoints: options.capability?.endpoints ?? ['GET /items/:id', 'POST /items'],
      },
    },
  })
  const events: JournalEvent[] = []
  const records: ExchangeRecord[] = []
  const breakerStates: BreakerState[] = []
  const acknowledged: string[][] = []
  const waiting: { count: number; wake: () => void }[] = []
  let now = Date.now()
  const proxy = createProxyServer({
    config,
    table: compileTable(config, stateOf([])),
    secret: SECRET,
    clock: () => now,
    isOperator: (token) => token === OPERATOR_TOKEN,
    onExchange(record) {
      records.push(record)
      for (const { count, wake } of waiting) if (records.length >= count) wake()
    },
    onBreaker: (_, state) => breakerStates.push(state),
    onAcknowledged: (ids) => acknowledged.push(ids),
    report(operation, error) {
      throw new Error(`failed to ${operation}`, { cause: error })
    },
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  const address = { host: '127.0.0.1', port }
  const clients: RawClient[] = []
  onTestFinished(async () => {
    for (const client of clients) client.close()
    await proxy.stop({ drainMs: 0 })
    await Promise.all([monolith.stop(), service.stop()])
  })
  return {
    ...{ proxy, address, url: `http://127.0.0.1:${port}`, monolith, service },
    ...{ records, breakerStates, acknowledged },
    decide(...more) {
      events.push(...more)
      proxy.swapTable(compileTable(config, stateOf(events)))
    },
    turnClock(ms) {
      now += ms
    },
    async connect() {
      const client = await RawClient.connect(address)
      clients.push(client)
      return client
    },
    recorded: (count) =>
      records.length >= count
        ? Promise.resolve()
        : new Promise((wake) => {
            waiting.push({ count, wake })
          }),
  }
}

const urlOf = ({ host, port }: RawUpstream) => `http://${host}:${port}`

export const setRoute = (
  endpoint: string,
  mode: 'monolith' | 'service' | number,
): Extract<JournalEvent, { kind: 'route.set' }> => ({
  kind: 'route.set',
  endpoint,
  setting: typeof mode === 'number' ? { mode: 'canary', percent: mode } : { mode },
})
