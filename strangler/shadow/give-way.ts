import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Of nice values: a tenth of the share of a thread that competes for the same processor. */
const BELOW = 10
const LOWEST = 19

/**
 * Lets every other thread of this machine go first, the one that serves above all: where processors are short, comparing would take
 * its time from the clients. Linux keeps a priority for each thread; elsewhere it is the whole process's, and stays as it is.
 * @returns whether it does
 */
export function giveWay(): boolean {
  if (process.platform !== 'linux') return false
  try {
    // Node does not tell a thread's own number. `/proc/thread-self` is `<process>/task/<thread>`.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    // Zero would be the thread that serves.
    if (!(thread > 0) || thread === process.pid) return false
    setPriority(thread, Math.min(getPriority(thread) + BELOW, LOWEST))
    return true
  } catch {
    // No /proc, or a sandbox that forbids it: comparing goes on as everything else.
    return false
  }
}
