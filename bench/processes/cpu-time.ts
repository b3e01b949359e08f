import { readFileSync } from 'node:fs'

// USER_HZ, which Linux fixes at 100 for what it tells programs.
const TICK_MS = 10

/** The processor time that a process has used so far, user and system, in milliseconds. Undefined where there is no /proc. */
export function readCpuMs(pid: number): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    // macOS has no /proc; the figure is then left out.
    return undefined
  }
}
