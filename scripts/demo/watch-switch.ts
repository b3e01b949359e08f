import type { Program } from './child-process.ts'
import { type Say, tellDone } from './narrate.ts'

const LOOK_MS = 500
const RECEIVED = '"received":"SIGUSR2"'

export const SWITCHED =
  'the monolith has received it. Orders, deliveries and the nightly count go through the endpoints of the inventory from now on; what has begun in a transaction of its own ends in it. The gate writers-moved waits until none was seen for a while (`sync.coupledForMs`, here ten seconds).'

/** Says it when the monolith has heard the signal of somebody in another terminal, where nothing would be seen of it. */
export function watchSwitch(monolith: Pick<Program, 'readLog'>, say: Say): { stop(): void } {
  let told = 0
  const look = async () => {
    const received = (await monolith.readLog()).split('\n').filter((line) => line.includes(RECEIVED)).length
    if (received > told) tellDone(say, `kill -USR2: ${SWITCHED}`)
    told = received
  }
  // A log that cannot be read now may be next time.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS)
  return { stop: () => clearInterval(timer) }
}
