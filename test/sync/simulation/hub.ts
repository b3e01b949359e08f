import type { ChildProcess } from 'node:child_process'
import type { BatchResult, ChangeBatch } from '../../../strangler/core/sync-words.ts'
import type { LaneName, ToChild, ToHub } from './hub-messages.ts'
import type { Random } from './random.ts'

const AT_ONCE = 2

/** What becomes of a message that somebody watches: it goes on, or it waits for the watcher. */
type Watch = (message: ChangeBatch & BatchResult) => 'pass' | 'hold'

interface Job {
  readonly id: number
  readonly lane: LaneName
  readonly text: string
}

/** A queue in the test's process, for ends in processes of their own. */
export interface Hub {
  /** Takes the messages of a child, and gives it jobs as soon as it asks. */
  attach(child: ChildProcess): void
  /** What FLUSHALL is to Redis. */
  flush(): void
  /** Looks at whatever is put in from now on, until it is replaced; what it holds comes back by `release`. */
  watch(watch: Watch | undefined): void
  /** Puts held messages in at last. @param copies each so often */
  release(copies?: number): void
  readonly held: number
  /** Jobs for the target that it has not done. Results wait here for ever while nobody is there who takes them. */
  readonly undone: number
}

export function createHub(random: Random): Hub {
  const waiting: Job[] = []
  const held: Omit<Job, 'id'>[] = []
  const receivers = new Set<{ lane: LaneName; child: ChildProcess; jobs: Map<number, Job> }>()
  let lastId = 0
  let generation = 1
  let watch: Watch | undefined

  function put(lane: LaneName, text: string): void {
    lastId += 1
    waiting.push({ id: lastId, lane, text })
  }

  function hand(): void {
    for (const receiver of receivers) {
      while (receiver.jobs.size < AT_ONCE) {
        const next = waiting.findIndex((job) => job.lane === receiver.lane)
        const [job] = next < 0 ? [] : waiting.splice(next, 1)
        if (job === undefined) break
        receiver.jobs.set(job.id, job)
        tell(receiver.child, { kind: 'job', lane: job.lane, id: job.id, text: job.text })
      }
    }
  }

  function take(lane: LaneName, texts: readonly string[]): void {
    for (const text of texts) {
      if (watch?.(JSON.parse(text)) === 'hold') held.push({ lane, text })
      else put(lane, text)
    }
    hand()
  }

  function answer(child: ChildProcess, message: ToHub): void {
    const own = [...receivers].filter((receiver) => receiver.child === child)
    if (message.kind === 'send') {
      take(message.lane, message.texts)
      tell(child, { kind: 'sent', id: message.id, generation })
    }
    if (message.kind === 'receive') receivers.add({ lane: message.lane, child, jobs: new Map() })
    if (message.kind === 'leave') forget(own.filter(({ lane }) => lane === message.lane))
    if (message.kind === 'done') own.find(({ lane }) => lane === message.lane)?.jobs.delete(message.id)
    hand()
  }

  /** Jobs of a receiver that died are given to another, or they are gone. */
  function forget(gone: readonly { jobs: Map<number, Job> }[]): void {
    for (const receiver of receivers) {
      if (!gone.includes(receiver)) continue
      receivers.delete(receiver)
      for (const job of receiver.jobs.values()) if (random.chance(0.7)) waiting.push(job)
    }
  }

  return {
    attach(child) {
      child.on('message', (message: ToHub) => answer(child, message))
      child.on('exit', () => {
        forget([...receivers].filter((receiver) => receiver.child === child))
        hand()
      })
    },
    flush() {
      waiting.length = 0
      generation += 1
    },
    watch(next) {
      watch = next
    },
    release(copies = 1) {
      for (const { lane, text } of held.splice(0)) {
        for (let copy = 0; copy < copies; copy += 1) put(lane, text)
      }
      hand()
    },
    get held() {
      return held.length
    },
    get undone() {
      const taken = [...receivers].flatMap(({ jobs }) => [...jobs.values()])
      return [...waiting, ...taken].filter(({ lane }) => lane !== 'results').length
    },
  }
}

function tell(child: ChildProcess, message: ToChild): void {
  // A child that was killed a moment ago cannot be told anything; its exit is on its way.
  if (child.connected) child.send(message, () => undefined)
}
