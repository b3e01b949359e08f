import type { BatchResult, ChangeBatch } from '../../../strangler/core/sync-words.ts'
import type { Transport } from '../../../strangler/sync/transport.ts'
import type { LaneName, ToChild, ToHub } from './hub-messages.ts'

/** A child's way to the queue in the test's process. */
export function createHubTransport(): Transport {
  const open = new Map<number, () => void>()
  const handlers = new Map<LaneName, (text: string) => Promise<void>>()
  let lastId = 0
  let generation: number | undefined
  let lost = false

  process.on('message', (message: ToChild) => {
    if (message.kind === 'sent') {
      lost ||= generation !== undefined && generation !== message.generation
      generation = message.generation
      open.get(message.id)?.()
      open.delete(message.id)
    }
    if (message.kind === 'job') void work(message)
  })

  async function work({ lane, id, text }: Extract<ToChild, { kind: 'job' }>): Promise<void> {
    // What a handler throws is the loss of its message, as in the real one.
    await handlers
      .get(lane)?.(text)
      .catch(() => undefined)
    tell({ kind: 'done', lane, id })
  }

  function send(lane: LaneName, messages: readonly (ChangeBatch | BatchResult)[]): Promise<void> {
    lastId += 1
    const id = lastId
    tell({ kind: 'send', id, lane, texts: messages.map((message) => JSON.stringify(message)) })
    return new Promise((resolve) => {
      open.set(id, resolve)
    })
  }

  function receive<T>(lane: LaneName, handle: (message: T) => Promise<void>) {
    handlers.set(lane, (text) => handle(JSON.parse(text) as T))
    tell({ kind: 'receive', lane })
    return {
      async stop() {
        handlers.delete(lane)
        tell({ kind: 'leave', lane })
      },
    }
  }

  return {
    sendBatches: send,
    receiveBatches: receive,
    sendResults: (results) => send('results', results),
    receiveResults: (handle) => receive('results', handle),
    putNotice: async () => undefined,
    readNotice: async () => undefined,
    depth: async () => ({ apply: 0, backfill: 0, results: 0 }),
    async checkGeneration() {
      await send('apply', [])
      const found = lost ? 'lost' : 'same'
      lost = false
      return found
    },
    findWarnings: async () => [],
    pause: async () => undefined,
    resume: async () => undefined,
    stop: async () => undefined,
  }
}

function tell(message: ToHub): void {
  process.send?.(message)
}
