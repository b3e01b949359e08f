import { endWithParent } from './end-with-parent.ts'
import type { Ready } from './start-process.ts'

/**
 * The child's end of `startProcess`: takes the spec, starts, tells the address, and stops on SIGTERM or when the parent is gone, even
 * if that was killed.
 */
export function serveInChild<S>(start: (spec: S) => Promise<Ready & { stop(): Promise<void> }>): void {
  let stop = async () => undefined as unknown
  endWithParent(() => stop())
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
