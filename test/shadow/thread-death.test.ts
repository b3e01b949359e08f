import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { ComparisonBatch } from '../../strangler/core/comparison-store.ts'
import { createShadowMarks } from '../../strangler/core/shadow-mark.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { createShadowBeside } from '../../strangler/shadow/shadow-beside.ts'
import { stateOf } from '../support/tables.ts'
import { json, serve } from './serve.ts'
import { verdictsOf } from './shadow-stand.ts'

const SECRET = Buffer.alloc(32, 1)
const SOON = { timeout: 60_000, interval: 50 }
// Machines are busy.
vi.setConfig({ testTimeout: 180_000 })

/** A proxy with the comparison in a thread, as a kit has it, and every thread that was started for it. */
async function start(service: string, monolith: string) {
  const threads: Worker[] = []
  const note = (worker: Worker) => void threads.push(worker)
  process.on('worker', note)
  const config = checkConfig({
    compare: { giveWay: false },
    sides: { monolith, inventory: service },
    capabilities: { inventory: { endpoints: [{ endpoint: 'GET /items/:id', mode: 'shadow' }] } },
  })
  const reported: string[] = []
  const report = (operation: string) => void reported.push(operation)
  const verdicts: string[] = []
  const shadow = createShadowBeside({
    ...{ config, secret: SECRET, marks: createShadowMarks(SECRET, Date.now), report },
    position: { appliedThrough: () => undefined, sourceNow: () => undefined },
    onVerdict: (_endpoint, verdict, count) =>
      void verdicts.push(...Array.from({ length: count }, () => verdict)),
  })
  shadow.follow(stateOf([]))
  const proxy = createProxyServer({
    ...{ config, table: compileTable(config, stateOf([])), secret: Buffer.alloc(32), report },
    capture: shadow.capture,
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  onTestFinished(async () => {
    process.off('worker', note)
    await proxy.stop({ drainMs: 0 })
    await shadow.stop()
  })
  const found: Record<string, number> = {}
  let asked = 0
  return {
    ...{ shadow, threads, reported, verdicts },
    asked: () => asked,
    async ask(count: number) {
      asked += count
      const answers = await Promise.all(
        Array.from({ length: count }, async (_, id) =>
          (await fetch(`http://127.0.0.1:${port}/items/${id}`)).text(),
        ),
      )
      expect(new Set(answers)).toEqual(new Set(['{"stock":3}']))
    },
    /** All verdicts that were told until now. */
    async counts() {
      await shadow.settled()
      const batch: ComparisonBatch | undefined = shadow.book.take()
      for (const [name, count] of Object.entries(batch === undefined ? {} : verdictsOf(batch)))
        found[name] = (found[name] ?? 0) + count
      return found
    },
  }
}

test.each([
  ['is ended from outside', (thread: Worker) => void thread.terminate()],
  // No message of the kit: the thread dies of an error of its own.
  ['dies of an error', (thread: Worker) => thread.postMessage(null)],
])(
  'when the thread %s, clients notice nothing, what it had is counted as skipped, and another one takes over',
  async (_how, end) => {
    const monolith = await serve(json({ stock: 3 }))
    const hanging = new Set<() => void>()
    let hangs = false
    let onSeventh: (() => void) | undefined
    const service = await serve((req, res) => {
      const answer = () => json({ stock: 3 })(req, res)
      if (hangs) hanging.add(answer)
      else answer()
      if (hanging.size === 7) onSeventh?.()
    })
    const { shadow, threads, verdicts, ask, asked, counts } = await start(service.url, monolith.url)
    const matches = async () => {
      await ask(1)
      return (await counts())['match'] ?? 0
    }
    await expect.poll(matches, SOON).toBeGreaterThan(0)
    const [first] = threads
    const over = new Promise((resolve) => first?.once('exit', resolve))
    // At once: a second later they would have been given up, and were nobody's any more.
    onSeventh = () => end(first as Worker)
    hangs = true
    await ask(7)
    await over
    hangs = false
    // While it rests after the death, exchanges are served and skipped; on a busy machine the rest is over by now.
    await ask(2)
    expect(shadow.heldBytes).toBe(0)
    const before = (await counts())['match'] ?? 0
    await expect.poll(matches, SOON).toBeGreaterThan(before)
    expect(threads).toHaveLength(2)
    // Each exchange has one verdict, those of the dead thread too.
    await expect.poll(() => verdicts.length, SOON).toBe(asked())
    const lost = (await counts())['skipped:thread-lost'] ?? 0
    expect(lost).toBeGreaterThan(0)
    expect(verdicts.filter((verdict) => verdict === 'skipped').length).toBeGreaterThanOrEqual(lost)
    // The evidence of a thread's last half second dies with it, and no more than that.
    // One of twenty that agree is also compared with the monolith's second answer, which is no verdict.
    const { calibrated: _, ...told } = await counts()
    expect(sum(Object.values(told))).toBeLessThanOrEqual(asked())
    expect(sum(Object.values(told))).toBeGreaterThan(asked() - 7)
    expect(shadow.heldBytes).toBe(0)
  },
)

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
