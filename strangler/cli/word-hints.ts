import { existsSync } from 'node:fs'
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path'

/** Everything that may stand behind `strangler` in a hint; a test compares it with the commands that there are. */
export const COMMANDS = [
  ...['init', 'start', 'doctor', 'assess', 'guide', 'migrate', 'route', 'proxy', 'hold', 'sync', 'compare'],
  ...['contract', 'extract', 'deploy', 'completion', 'help'],
] as const

/** A word of its own, or behind the colour that it is painted with. */
const BEFORE = String.raw`(?<=^|[^\w./-]|\u001b\[\d+m)`
const HINT = new RegExp(String.raw`${BEFORE}(?:npx )?strangler(?= (?:${COMMANDS.join('|')})\b)`, 'gm')

/**
 * The commands in a text for people as they work where the program was started: the texts themselves say `strangler`, wherever they come
 * from, and whoever pastes one has it on his PATH only after a global installation.
 * @param program undefined: as the text has them
 */
export function wordHints(text: string, program: string | undefined): string {
  return program === undefined ? text : text.replaceAll(HINT, program)
}

export interface Started {
  /** The script as it was called: `process.argv[1]`. */
  readonly script: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What must be typed to start the program as it was started now. */
export function nameProgram({ script, cwd, env }: Started): string {
  const folder = dirname(script)
  const isByName = basename(script).replace(/\.(cmd|ps1)$/, '') === 'strangler'
  // npm puts the project's programs before all others for what it runs; in the shell that comes back they are not there.
  const isProjects = folder.endsWith(join('node_modules', '.bin'))
  const folders = (env['PATH'] ?? '').split(delimiter)
  if (isByName && !isProjects && folders.some((one) => one !== '' && resolve(one) === folder))
    return 'strangler'
  if (env['npm_command'] !== undefined || isProjects || isLinked(cwd)) return 'npx strangler'
  return `node ${quote(nameFrom(cwd, script))}`
}

/** Whether `npx strangler` finds it without the network: it stands in this project, or in one around it. */
function isLinked(cwd: string): boolean {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', '.bin', 'strangler'))) return true
    if (dirname(folder) === folder) return false
  }
}

function nameFrom(cwd: string, script: string): string {
  const path = relative(cwd, script)
  return path.startsWith('..') ? script : path
}

function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
