import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import { valuesOf } from './tools/http-message.ts'
import type { RawAnswer } from './tools/raw-client.ts'
import type { UpstreamScript } from './tools/raw-upstream.ts'

const SWAPS = 1_000
const CLIENTS = 24

const answerAs =
  (name: string): UpstreamScript =>
  async (exchange) => {
    await exchange.body()
    exchange.answer('200 OK', [], name)
  }

async function startTwoSides(bench: Bench) {
  const service = await bench.upstream(answerAs('service'))
  const stand = await bench.start({
    script: answerAs('monolith'),
    service: { host: service.host, port: service.port },
    debugHeaders: true,
    ownProcess: true,
  })
  const { swap } = stand.proxy
  if (swap === undefined) throw new Error(`${bench.subject} has no table to swap`)
  return { ...stand, service, swap }
}

/** The table version that an answer names; odd tables of this suite send everything to the monolith, even ones to the service. */
function versionOf(answer: RawAnswer): number {
  const [version, ...more] = valuesOf(answer.headers, 'x-strangler-table-version')
  if (version === undefined || more.length > 0) throw new Error(`expected one table version: ${answer.bytes}`)
  return Number(version)
}

describeRow('18', (check) => {
  check(
    '1,000 swaps under load fail no request, and every answer is its table’s',
    async (bench) => {
      const { swap, connect } = await startTwoSides(bench)
      let swapping = true
      const wrong: string[] = []
      const versions = new Set<number>()
      const load = async (client: Awaited<ReturnType<typeof connect>>, body: boolean) => {
        for (let last = 0; swapping; ) {
          const answer = body
            ? await client.exchange('POST /items HTTP/1.1', ['Content-Length: 5'], 'hello')
            : await client.exchange('GET /items HTTP/1.1')
          const version = versionOf(answer)
          versions.add(version)
          const expected = version % 2 === 1 ? 'monolith' : 'service'
          if (answer.status !== 200 || answer.text !== expected || version < last)
            wrong.push(answer.bytes + answer.text)
          last = version
        }
      }
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()))
      const loads = clients.map((client, at) => load(client, at % 3 === 0))
      const swaps = async () => {
        for (let count = 0; count < SWAPS; count++) {
          await swap(count % 2 === 0 ? 'service' : 'monolith')
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        swapping = false
      }
      await Promise.all([swaps(), ...loads])
      expect(wrong).toEqual([])
      expect(versions.size, 'the load and the swaps did not overlap').toBeGreaterThan(SWAPS / 10)
    },
    { timeoutMs: 30_000 },
  )

  check('a request in flight finishes on the table that it began with', async (bench) => {
    const { upstream, service, swap, connect } = await startTwoSides(bench)
    upstream.script = () => undefined
    const client = await connect()
    const arrived = upstream.next()
    client.send('GET /slow HTTP/1.1')
    const exchange = await arrived
    await swap('service')
    const other = await (await connect()).exchange('GET /items HTTP/1.1')
    expect([other.text, versionOf(other)]).toEqual(['service', 2])
    exchange.answer('200 OK', [], 'monolith')
    const answer = await client.readAnswer()
    expect([answer.text, versionOf(answer)]).toEqual(['monolith', 1])
    expect(service.exchanges).toHaveLength(1)
  })

  check('from the answer to the swap on, every new request is the new table’s', async (bench) => {
    const { swap, connect } = await startTwoSides(bench)
    const client = await connect()
    for (let round = 1; round <= 50; round++) {
      const target = round % 2 === 1 ? 'service' : 'monolith'
      await swap(target)
      const answer = await client.exchange('GET /items HTTP/1.1')
      expect([answer.text, versionOf(answer)]).toEqual([target, round + 1])
    }
  })
})
