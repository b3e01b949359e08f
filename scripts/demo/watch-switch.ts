import { setTimeout as delay } from 'node:timers/promises'
import type { Program } from './child-process.ts'
import { type Say, tellDone } from './narrate.ts'

const LOOK_MS = 500
const HEARD_WITHIN_MS = 10_000
const RECEIVED = '"received":"SIGUSR2"'

const SWITCHED =
  'the monolith has received it. Orders, deliveries and the nightly count go through the endpoints of the inventory from now on; what has begun in a transaction of its own ends in it. The gate writers-moved waits until none was seen for a while (`sync.coupledForMs`, here ten seconds).'

type Heard = Pick<Program, 'readLog'>

async function countReceived(monolith: Heard): Promise<number> {
  return (await monolith.readLog()).split('\n').filter((line) => line.includes(RECEIVED)).length
}

/** Sends the signal, and says what came of it once the monolith has said so itself. */
export async function sendSwitch(
  monolith: Heard & Pick<Program, 'pid'>,
  { say, send = process.kill, withinMs = HEARD_WITHIN_MS }: SwitchOptions,
): Promise<void> {
  const before = await countReceived(monolith)
  send(monolith.pid, 'SIGUSR2')
  const isHeard = async () => (await countReceived(monolith)) > before
  for (const deadline = Date.now() + withinMs; !(await isHeard()); await delay(50)) {
    if (Date.now() <= deadline) continue
    return tellDone(say, `kill -USR2 ${monolith.pid}: the monolith has not said yet that it has received it.`)
  }
  tellDone(say, `kill -USR2 ${monolith.pid}: ${SWITCHED}`)
}

export interface SwitchOptions {
  readonly say: Say
  /** Default: the system's. */
  readonly send?: (pid: number, signal: 'SIGUSR2') => unknown
  readonly withinMs?: number
}

/** Says it when the monolith has heard the signal of somebody in another terminal, where nothing would be seen of it. */
export function watchSwitch(monolith: Heard, say: Say): { stop(): void } {
  let told = 0
  const look = async () => {
    const received = await countReceived(monolith)
    if (received > told) tellDone(say, `kill -USR2: ${SWITCHED}`)
    told = received
  }
  // A log that cannot be read now may be next time.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS)
  return { stop: () => clearInterval(timer) }
}
