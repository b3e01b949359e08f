import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StranglerError } from '../core/errors.ts'

/**
 * Writes a file that belongs to a person from then on: what is there is replaced only where that was asked for.
 * @throws StranglerError STRANGLER_FILE_EXISTS, STRANGLER_INVALID_COMMAND
 */
export async function writeNewFile(file: string, text: string, { force = false } = {}): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    // One call decides and writes: between a look and a write somebody else could come.
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw refuseToReplace(file)
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `${file} cannot be written: ${message}.`, {
      fix: 'Name another place with --out.',
      cause: error,
    })
  }
}

export function refuseToReplace(file: string): StranglerError {
  return new StranglerError('STRANGLER_FILE_EXISTS', `${file} is there, and may have been edited.`, {
    fix: 'Name another place with --out, or add --force to replace it.',
  })
}
