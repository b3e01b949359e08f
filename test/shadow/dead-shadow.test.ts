import { readdirSync, readlinkSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createShadowMarks } from '../../strangler/core/shadow-mark.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { createShadowBeside } from '../../strangler/shadow/shadow-beside.ts'
import { stateOf } from '../support/tables.ts'
import { inParallel } from './merged-evidence.ts'
import { json, serve } from './serve.ts'
import { verdictsOf } from './shadow-stand.ts'

const EXCHANGES = 10_000

/** Of the whole process, its threads included. */
const sockets = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // Closed meanwhile, as the one that lists the folder.
    }
  }).length
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const megabytes = () => {
  collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed / 2 ** 20, all: rss / 2 ** 20 }
}

test(`${EXCHANGES} exchanges against a dead shadow: every one answered, every one counted, no socket and no memory left`, async () => {
  const monolith = await serve(json({ text: 'x'.repeat(1_000) }))
  const service = await serve(json({}))
  service.stop()
  const config = checkConfig({
    compare: { giveWay: false },
    sides: { monolith: monolith.url, inventory: service.url },
    capabilities: { inventory: { endpoints: [{ endpoint: 'GET /items/:id', mode: 'shadow' }] } },
  })
  const secret = Buffer.alloc(32, 3)
  const failures: unknown[] = []
  const report = (operation: string, error: unknown) => void failures.push({ operation, error })
  const shadow = createShadowBeside({
    ...{ config, secret, report, marks: createShadowMarks(secret, Date.now) },
    position: { appliedThrough: () => undefined, sourceNow: () => undefined },
  })
  const table = compileTable(config, stateOf([]))
  const proxy = createProxyServer({ config, table, secret, capture: shadow.capture, report })
  const { port } = await proxy.listen(0, '127.0.0.1')
  try {
    const ask = async (count: number) => {
      await inParallel(count, 16, async (n) => {
        const response = await fetch(`http://127.0.0.1:${port}/items/${n}`)
        expect(response.status).toBe(200)
        await response.arrayBuffer()
      })
      await shadow.settled()
      monolith.requests.length = 0
    }
    // Until code is compiled and heaps have their size, memory says nothing.
    await ask(EXCHANGES / 2)
    shadow.book.take()
    const before = { sockets: sockets(), ...megabytes() }
    await ask(EXCHANGES)
    const after = megabytes()
    const counts = verdictsOf(shadow.book.take()!)
    const { 'skipped:shadow-unreachable': dead = 0, 'skipped:queue-full': dropped = 0 } = counts
    // The thread gives way: where processors are short, a refusal may be read after its time is over.
    const { 'skipped:shadow-timeout': late = 0 } = counts
    console.log(
      `dead shadow: ${JSON.stringify(counts)}; heap ${(after.heap - before.heap).toFixed(1)} MiB more, all ${Math.round(after.all - before.all)}`,
    )
    expect(dead + dropped + late).toBe(EXCHANGES)
    expect(dead).toBeGreaterThan(0)
    expect(shadow.heldBytes).toBe(0)
    // The test's own client and the proxy keep some connections between each other and to the monolith.
    expect(sockets() - before.sockets).toBeLessThan(60)
    // A copy that stayed would cost 5 KiB each. All memory has the thread in it, whose heap grows to its size.
    expect(after.heap - before.heap).toBeLessThan(10)
    expect(after.all - before.all).toBeLessThan(200)
    expect(failures).toEqual([])
  } finally {
    await proxy.stop({ drainMs: 0 })
    await shadow.stop()
  }
}, 180_000)
