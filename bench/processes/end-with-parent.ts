/** A child's end: `stop` on SIGTERM, or when the parent is gone, even if that was killed. */
export function endWithParent(stop: () => Promise<unknown>): void {
  const end = () => {
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  // Ctrl-C reaches the whole group; the parent then stops its children in the right order.
  process.on('SIGINT', () => undefined)
  process.once('SIGTERM', end)
  process.once('disconnect', end)
}
