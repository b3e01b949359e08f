import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { StranglerError } from '../core/errors.ts'
import type { ReportError } from '../core/ports.ts'

const FILE = 'installation'

export interface KeepInstallationOptions {
  /** Where a copy is kept, for a start while the control database is away. */
  readonly directory: string
  /** Asks the control database. */
  readonly read: () => Promise<string>
  readonly report: ReportError
}

/**
 * The id of this installation: the control database's, and while that does not answer the one that it had when it did. It never changes, so it is asked for once.
 * @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE when it has never answered
 */
export function keepInstallation({
  directory,
  read,
  report,
}: KeepInstallationOptions): () => Promise<string> {
  const file = path.join(directory, FILE)
  let known: string | undefined

  async function ask(): Promise<string> {
    try {
      known = await read()
    } catch (error) {
      if (!isAway(error)) throw error
      const kept = await readCopy(file)
      if (kept === undefined) throw error
      return kept
    }
    const id = known
    // Without a copy it is only a start without the control database that has to wait.
    if ((await readCopy(file)) !== id)
      await writeFile(file, `${id}\n`).catch((error: unknown) => report('keep the installation’s id', error))
    return id
  }
  return async () => known ?? ask()
}

function isAway(error: unknown): boolean {
  return error instanceof StranglerError && error.code === 'STRANGLER_CONTROL_DATABASE_UNREACHABLE'
}

async function readCopy(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
