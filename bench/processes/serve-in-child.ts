import type { Ready } from './start-process.ts'

/**
 * The child's end of `startProcess`: takes the spec, starts, tells the address, and stops on SIGTERM or when the parent is gone, even
 * if that was killed.
 */
export function serveInChild<S>(start: (spec: S) => Promise<Ready & { stop(): Promise<void> }>): void {
  let stop = async () => undefined as unknown
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
  process.once('message', (spec) => {
    start(spec as S).then(
      (started) => {
        stop = started.stop
        process.send?.({ url: started.url, adminUrl: started.adminUrl } satisfies Ready)
      },
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
        process.exit(1)
      },
    )
  })
}
