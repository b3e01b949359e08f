const EVERY_MS = 20

/** A machine that is slower than this proves nothing, and must not excuse a wait for something. */
export const MOST_WIDENING = 2

/** How many times slower than it should be this machine lets a process go on: what is waited for on it takes so many times longer. */
export function startYardstick(): { stop(): number } {
  const began = performance.now()
  let ticks = 0
  let timer = setTimeout(tick, EVERY_MS)
  function tick(): void {
    ticks += 1
    timer = setTimeout(tick, EVERY_MS)
  }
  return {
    stop() {
      clearTimeout(timer)
      return Math.max(1, (performance.now() - began) / ((ticks + 1) * EVERY_MS))
    },
  }
}
