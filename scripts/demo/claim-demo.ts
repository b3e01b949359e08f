import path from 'node:path'
import { claimFile } from '../../strangler/infra/claim-file.ts'

/** Another demo runs in this folder. */
export class DemoRunsError extends Error {
  override readonly name = 'DemoRunsError'
}

/**
 * Makes this process the folder's only demo: two would fight for the same databases.
 * @returns gives the folder back
 * @throws DemoRunsError
 */
export async function claimDemo(directory: string): Promise<() => Promise<void>> {
  const claim = await claimFile(path.join(directory, 'demo.pid'))
  if (claim.kind === 'ours') return claim.release
  throw new DemoRunsError(
    `The demo already runs here (process ${claim.pid ?? 'unknown'}). Use that one, or stop it with Ctrl-C first.`,
  )
}
