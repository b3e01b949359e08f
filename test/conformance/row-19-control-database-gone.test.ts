import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import type { Address } from './subjects/subject.ts'
import { ITEMS, installKit } from './tools/installation.ts'
import { problemOf } from './tools/raw-client.ts'

// PostgreSQL and the kit start several times, on machines that may have few cores.
const SLOW = { timeoutMs: 60_000 }

async function ask(bench: Bench, address: Address, path: string) {
  return (await bench.connect(address)).exchange(`GET ${path} HTTP/1.1`)
}

/** A running kit whose journal, not its config, sends `/items` to the service. */
async function startToggled(bench: Bench) {
  const kit = await installKit(bench)
  const { address, running } = await kit.start()
  await kit.command('route', 'set', ITEMS, 'service')
  await expect.poll(async () => (await ask(bench, address, '/items/1')).text).toBe('service')
  // It serves by a table a moment before it has written it down.
  await expect.poll(() => kit.keptVersion()).toBe(1)
  return { kit, address, running }
}

describeRow('19', (check) => {
  check(
    'serving goes on with the last table while the control database and Redis are gone',
    async (bench) => {
      const { kit, address } = await startToggled(bench)
      await kit.stopEverythingBehind()
      const until = performance.now() + 3_000
      let answered = 0
      for (const client = await bench.connect(address); performance.now() < until; answered++) {
        const items = await client.exchange('GET /items/1 HTTP/1.1')
        const stock = await client.exchange('GET /stock/1 HTTP/1.1')
        expect([items.status, items.text, stock.status, stock.text]).toEqual([
          200,
          'service',
          200,
          'monolith',
        ])
      }
      expect(answered).toBeGreaterThan(20)
    },
    SLOW,
  )

  check(
    'after a crash a restart without them serves by the copy on disk',
    async (bench) => {
      const { kit, running } = await startToggled(bench)
      running.child.kill('SIGKILL')
      await running.ended
      await kit.stopEverythingBehind()
      const { address } = await kit.start()
      expect((await ask(bench, address, '/items/1')).text).toBe('service')
      expect((await ask(bench, address, '/stock/1')).text).toBe('monolith')
      expect((await ask(bench, address, '/unnamed')).text).toBe('monolith')
    },
    SLOW,
  )

  check(
    'after a clean stop, which ends its registration, it serves no capability with data without them',
    async (bench) => {
      const { kit, running } = await startToggled(bench)
      running.child.kill('SIGTERM')
      expect((await running.ended).code).toBe(0)
      await kit.stopEverythingBehind()
      const { address } = await kit.start()
      const stock = await ask(bench, address, '/stock/1')
      expect(stock.status).toBe(503)
      expect(problemOf(stock)['code']).toBe('STRANGLER_TABLE_UNCONFIRMED')
      expect((await ask(bench, address, '/items/1')).text).toBe('service')
      expect((await ask(bench, address, '/unnamed')).text).toBe('monolith')
    },
    SLOW,
  )
})
