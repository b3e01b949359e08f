/**
 * What grows for ever is the version of the journal, also over an uninstallation, which leaves no number in the databases. So all fencing tokens come from
 * it, four a version: three for a cut-over that the line of that version begins, and one for whoever installs when that line is the newest.
 */
const NUMBERS_A_VERSION = 4

const CUTOVER_PARTS = { close: 0, undo: 1, open: 2 }
const INSTALLATION = 3

/** @param since of the line that began it; what is done before its decision, its undoing, and the opening of the new owner */
export function cutoverToken(since: number, part: keyof typeof CUTOVER_PARTS): number {
  return since * NUMBERS_A_VERSION + CUTOVER_PARTS[part]
}

/** @param epoch the version that the line of this installation would have: one more than the newest */
export function installationToken(epoch: number): number {
  return (epoch - 1) * NUMBERS_A_VERSION + INSTALLATION
}
