import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** How long the thread that asks, which is the one that serves, had to wait for a processor. */
export interface ProcessorWait {
  /** Since the last call: of the time for which it wanted a processor, the share in which it had none. From 0 to 1. */
  take(): number
}

const FULL = 0.9
/** A thread with little to do has waited for a large part of it when it has waited once. */
const LEAST_NS = 2_000_000

/**
 * Linux keeps the time of every thread in which it ran, and in which it could have run and waited for a processor
 * (Documentation/scheduler/sched-stats.rst). Elsewhere nobody says whom the clients wait for: there a machine without idle processors counts as one that keeps them waiting.
 */
export function createProcessorWait(file = '/proc/thread-self/schedstat'): ProcessorWait {
  const read = process.platform === 'linux' ? () => readSchedstat(file) : undefined
  const first = read?.()
  if (read === undefined || first === undefined) return createBusyWatch()
  let before = first
  return {
    take() {
      const now = read() ?? before
      const [ran, waited] = [now.ran - before.ran, now.waited - before.waited]
      before = now
      return waited > LEAST_NS ? waited / (ran + waited) : 0
    },
  }
}

function readSchedstat(file: string): { ran: number; waited: number } | undefined {
  try {
    const [ran = 0, waited = 0] = readFileSync(file, 'latin1').split(' ').map(Number)
    // A kernel without these counts says nothing but zeros.
    return ran > 0 ? { ran, waited } : undefined
  } catch {
    return undefined // No /proc, or a sandbox that hides it.
  }
}

function createBusyWatch(): ProcessorWait {
  let before = readBusy()
  return {
    take() {
      const now = readBusy()
      const all = now.all - before.all
      const busy = all > 0 ? (now.busy - before.busy) / all : 0
      before = now
      return busy > FULL ? 1 : 0
    },
  }
}

function readBusy(): { busy: number; all: number } {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    busy += times.user + times.sys + times.irq
    all += times.user + times.sys + times.irq + times.nice + times.idle
  }
  return { busy, all }
}
