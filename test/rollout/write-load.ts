import { setTimeout as delay } from 'node:timers/promises'

/** A write that a client has got its answer to. */
export interface Written {
  /** Of the proxy that has answered. */
  readonly url: string
  /** Epoch milliseconds. */
  readonly beganAt: number
  readonly tookMs: number
}

/** What became of every write: each adds a number of its own, or counts an earlier one up. */
export interface WriteLoad {
  /** Numbers that were added, by the answer. */
  readonly added: Set<string>
  /** How often each was counted up. */
  readonly hits: Map<string, number>
  /** How often that was tried. */
  readonly tried: Map<string, number>
  readonly failures: string[]
  /** Whether a number is one of those that were there before, or that were tried to be added. */
  isOurs(number: string): boolean
  writes: number
  reads: number
  /** In the order of their answers. */
  readonly written: Written[]
  stop(): Promise<void>
}

/** Writes at a rate, whatever the answers take; every fourth write counts an earlier number up, and beside every second one somebody reads. */
export function startWriteLoad(urlOf: () => string, perSecond: number): WriteLoad {
  const prefix = `w${Date.now().toString(36)}`
  const load: WriteLoad = {
    added: new Set(),
    hits: new Map(),
    tried: new Map(),
    failures: [],
    isOurs: (number) => number.startsWith('seed-') || number.startsWith(`${prefix}-`),
    writes: 0,
    reads: 0,
    written: [],
    stop,
  }
  const open = new Set<Promise<void>>()
  const confirmed: string[] = []
  let isOver = false

  async function ask(init: RequestInit, url = urlOf()): Promise<boolean> {
    const began = performance.now()
    const after = () => `${init.method} after ${Math.round(performance.now() - began)} ms`
    try {
      const answer = await fetch(`${url}/items`, init)
      const text = await answer.text()
      const retry = answer.headers.get('retry-after')
      if (answer.status === 200) return true
      load.failures.push(
        `${answer.status}${retry === null ? '' : ` retry-after ${retry}`} ${after()}: ${text.slice(0, 300)} at ${url}`,
      )
    } catch (error) {
      load.failures.push(`${after()}: ${String((error as Error).cause ?? error)} at ${url}`)
    }
    return false
  }

  async function write(index: number): Promise<void> {
    const earlier = index % 4 === 3 ? confirmed[(index * 7) % Math.max(1, confirmed.length)] : undefined
    const number = earlier ?? `${prefix}-${index}`
    const [beganAt, began, url] = [Date.now(), performance.now(), urlOf()]
    load.writes += 1
    if (earlier !== undefined) load.tried.set(number, (load.tried.get(number) ?? 0) + 1)
    if (!(await ask({ method: earlier === undefined ? 'POST' : 'PUT', body: number }, url))) return
    load.written.push({ url, beganAt, tookMs: performance.now() - began })
    if (earlier === undefined) {
      load.added.add(number)
      confirmed.push(number)
    } else load.hits.set(number, (load.hits.get(number) ?? 0) + 1)
  }

  async function read(): Promise<void> {
    load.reads += 1
    await ask({ method: 'GET' })
  }

  function begin(work: Promise<void>): void {
    const working: Promise<void> = work.finally(() => open.delete(working))
    open.add(working)
  }

  async function run(): Promise<void> {
    const began = performance.now()
    for (let index = 0; !isOver; index += 1) {
      const waitMs = began + (index * 1_000) / perSecond - performance.now()
      if (waitMs > 0) await delay(waitMs)
      begin(write(index))
      if (index % 2 === 0) begin(read())
    }
  }
  const running = run()

  async function stop(): Promise<void> {
    isOver = true
    await running
    await Promise.all(open)
  }
  return load
}
