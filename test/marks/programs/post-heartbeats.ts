import { createPositionBoard } from '../../../strangler/state/position-board.ts'

/** Another process, whose monotonic clock began at another time: its W is this machine's own clock, and 70 ms are not applied. */
const board = createPositionBoard({
  url: process.argv[2] ?? '',
  onHeartbeat: () => undefined,
  onWrite: () => undefined,
  report: (operation, error) => process.stderr.write(`${operation}: ${String(error)}\n`),
})
board.start()
setInterval(() => {
  const now = Date.now()
  board.publish({
    ...{ capability: 'stock', epoch: 3, direction: 'forward', entries: 2, refused: 0, lagMs: 70 },
    ...{ appliedThrough: now - 70, source: { ms: now, errorMs: 1 }, at: performance.now() },
  })
}, 100)
setInterval(() => board.announceWrite('stock'), 300)
