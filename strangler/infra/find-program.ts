import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Servers and their tools are installed where an ordinary user's PATH does not look. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin']

/** The PATH with the folders of servers behind it. */
export const serverPath = ({ PATH = '' } = process.env): string => [PATH, ...SERVER_FOLDERS].join(delimiter)

/** The first of the programs that is in a folder of the PATH. */
export async function findProgram(
  names: readonly string[],
  path: string = process.env['PATH'] ?? '',
): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of path.split(delimiter).filter((entry) => entry !== '')) {
      const candidate = join(folder, name)
      const runnable = await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (runnable) return candidate
    }
  }
  return undefined
}
