import { join } from 'node:path'
import { StranglerError } from '../core/errors.ts'
import { claimFile } from './claim-file.ts'

/**
 * Makes this process the only proxy of that name in the directory: two would share one registration and one copy of the table, and
 * a cut-over would wait for one of them. What a killed process left behind is taken over.
 * @returns gives the name back
 * @throws StranglerError STRANGLER_NAME_IN_USE when a living process has it
 */
export async function claimName(directory: string, name: string): Promise<() => Promise<void>> {
  const claim = await claimFile(join(directory, `proxy-${name}.pid`))
  if (claim.kind === 'ours') return claim.release
  throw new StranglerError(
    'STRANGLER_NAME_IN_USE',
    `The proxy "${name}" of ${directory} is process ${claim.pid ?? 'unknown'}, and two of one name would count as one in a cut-over.`,
    { fix: 'Stop that process, or give this one a name of its own: `strangler start --name edge-2`.' },
  )
}
