import path from 'node:path'
import { claimFile } from '../../strangler/infra/claim-file.ts'
import { DemoError } from './demo-error.ts'

/**
 * Makes this process the folder's only demo: two would fight for the same databases.
 * @returns gives the folder back
 * @throws DemoError when another one runs in this folder
 */
export async function claimDemo(directory: string): Promise<() => Promise<void>> {
  const claim = await claimFile(path.join(directory, 'demo.pid'))
  if (claim.kind === 'ours') return claim.release
  throw new DemoError(
    `The demo already runs here (process ${claim.pid ?? 'unknown'}). Use that one, or stop it with Ctrl-C first.`,
  )
}
