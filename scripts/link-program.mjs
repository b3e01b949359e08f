// Part of run.mjs: npm links the programs of packages, not the project's own. With the link `npx strangler` starts it at once;
// without it npm finds it as well, but reads the whole project first and warns of the machine's older Node.
import { lstatSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Puts `strangler` beside the other programs, unless something is there. */
export function linkProgram(root) {
  const link = join(root, 'node_modules', '.bin', 'strangler')
  if (process.platform === 'win32' || lstatSync(link, { throwIfNoEntry: false }) !== undefined) return
  try {
    symlinkSync(join('..', '..', 'strangler', 'bin.mjs'), link)
  } catch (error) {
    // Somebody else was faster, or node_modules is read-only: it works without.
    if (!['EEXIST', 'EACCES', 'EROFS', 'ENOENT'].includes(error.code)) throw error
  }
}
