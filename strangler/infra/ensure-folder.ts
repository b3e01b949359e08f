import { access, constants, mkdir, stat } from 'node:fs/promises'
import { type ErrorCode, StranglerError } from '../core/errors.ts'

/**
 * Makes a folder of the kit's own, and makes sure that this user can write in it: found out here, it is one sentence and not a stack
 * from whatever comes first.
 * @throws StranglerError with the code given
 */
export async function ensureFolder(path: string, code: ErrorCode): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw await unusable(path, { code, cause: cause as NodeJS.ErrnoException })
  }
}

/** For a file of the kit's own that is there and cannot be read or written. */
export async function unusable(
  path: string,
  { code, cause }: { code: ErrorCode; cause: NodeJS.ErrnoException },
): Promise<StranglerError> {
  const found = await stat(path).catch(() => undefined)
  const us = process.getuid?.()
  const isOthers = found !== undefined && us !== undefined && found.uid !== us
  const owner = isOthers ? `: it belongs to user ${found.uid}, and this is user ${us}` : ''
  return new StranglerError(code, `${path} cannot be used (${cause.code ?? cause.message})${owner}.`, {
    fix: isOthers
      ? `Run as that user, or give it to this one: \`sudo chown -R "$(id -u)" ${path}\`.`
      : 'Make it a folder that this user may write, or give another `directory` in the configuration.',
    cause,
  })
}
