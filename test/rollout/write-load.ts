import { setTimeout as delay } from 'node:timers/promises'

/** What became of every write: each adds a number of its own, or counts an earlier one up. */
export interface WriteLoad {
  /** Numbers that were added, by the answer. */
  readonly added: Set<string>
  /** How often each was counted up. */
  readonly hits: Map<string, number>
  readonly failures: string[]
  writes: number
  stop(): Promise<void>
}

/** Writes at a rate, whatever the answers take; every fourth write counts an earlier number up. */
export function startWriteLoad(urlOf: () => string, perSecond: number): WriteLoad {
  const prefix = `w${Date.now().toString(36)}`
  const load: WriteLoad = {
    added: new Set(),
    hits: new Map(),
    failures: [],
    writes: 0,
    stop,
  }
  const open = new Set<Promise<void>>()
  const confirmed: string[] = []
  let isOver = false

  async function write(index: number): Promise<void> {
    const earlier = index % 4 === 3 ? confirmed[(index * 7) % Math.max(1, confirmed.length)] : undefined
    const number = earlier ?? `${prefix}-${index}`
    try {
      const answer = await fetch(`${urlOf()}/items`, {
        method: earlier === undefined ? 'POST' : 'PUT',
        body: number,
      })
      const text = await answer.text()
      if (answer.status !== 200) load.failures.push(`${answer.status} ${text.slice(0, 300)}`)
      else if (earlier === undefined) {
        load.added.add(number)
        confirmed.push(number)
      } else load.hits.set(number, (load.hits.get(number) ?? 0) + 1)
    } catch (error) {
      load.failures.push(String((error as Error).cause ?? error))
    }
  }

  async function run(): Promise<void> {
    const began = performance.now()
    for (let index = 0; !isOver; index += 1) {
      const waitMs = began + (index * 1_000) / perSecond - performance.now()
      if (waitMs > 0) await delay(waitMs)
      load.writes += 1
      const writing: Promise<void> = write(index).finally(() => open.delete(writing))
      open.add(writing)
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
