import { expect, test } from 'vitest'
import type { MarkedWrite, MarkStore } from '../../strangler/core/data-position.ts'
import { guardMarkStore } from '../../strangler/proxy/mark-store-guard.ts'
import { until } from './marks-stand.ts'

const WRITE: MarkedWrite = { client: 'ann', id: '1', keepMs: 1, longestMs: 1 }
const never = new Promise<never>(() => undefined)

/** A store that hangs until it is told otherwise, and counts what it was asked. */
function hangingStore() {
  const asked: string[] = []
  let answers = false
  const answer = async (what: string) => {
    asked.push(what)
    if (!answers) await never
  }
  const store: MarkStore = {
    open: () => answer('open'),
    close: () => answer('close'),
    latest: async () => {
      await answer('latest')
      return 7
    },
  }
  return {
    ...{ asked, store },
    recover() {
      answers = true
    },
  }
}

test('a store that hangs is waited for once, not by every request, and is reported once', async () => {
  const { store, asked } = hangingStore()
  const reports: string[] = []
  const guarded = guardMarkStore(store, (operation) => reports.push(operation))
  const began = performance.now()
  expect(await guarded.latest('ann')).toBe('unknown')
  const firstMs = performance.now() - began
  expect(firstMs).toBeGreaterThan(40)
  for (let at = 0; at < 200; at += 1) expect(await guarded.latest('ann')).toBe('unknown')
  expect(await guarded.open(WRITE)).toBe(false)
  // Whatever the machine does meanwhile: of two hundred nearly none was let through.
  expect(asked.length).toBeLessThan(20)
  expect(reports).toEqual(['marks.store'])
})

test('while it fails one request at a time tries it, and when one has an answer, so has everybody', async () => {
  const { store, asked, recover } = hangingStore()
  const guarded = guardMarkStore(store, () => undefined)
  await guarded.latest('ann')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const before = asked.length
  await Promise.all(Array.from({ length: 50 }, () => guarded.latest('ann')))
  expect(asked.length - before).toBe(1)
  recover()
  await until(async () => (await guarded.latest('ann')) === 7)
  expect(await guarded.open(WRITE)).toBe(true)
})

test('a write that ends while the store is away is closed when it is back', async () => {
  const { store, asked, recover } = hangingStore()
  const guarded = guardMarkStore(store, () => undefined)
  const closing = guarded.close(WRITE, 5)
  await until(() => asked.length === 1)
  recover()
  await closing
  expect(asked).toEqual(['close', 'close'])
})
