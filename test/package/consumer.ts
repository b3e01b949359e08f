import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')
const programs = path.join(root, 'node_modules', '.bin')

export interface CommandResult {
  readonly code: number | null
  readonly output: string
}

/** An empty project into which the package was installed. */
export interface Consumer {
  readonly folder: string
  /** Where it was packed: a copy of this project. */
  readonly packedIn: string
  readonly tarball: string
  /** Runs a program with what npm would put on its PATH, and nothing of this machine's settings. */
  run(command: string, args: readonly string[]): CommandResult
  environment(): Record<string, string>
  remove(): Promise<void>
}

/**
 * Packs a copy of this project, because packing puts another package.json in place for a while, and installs the package as anybody
 * would: with npm, which brings its dependencies.
 */
export async function installPackage(): Promise<Consumer> {
  const base = await mkdtemp(path.join(tmpdir(), 'strangler-package-'))
  const packedIn = path.join(base, 'project')
  const folder = path.join(base, 'consumer')
  await copyProject(packedIn)
  await mkdir(folder)
  must(run('npm', ['pack', '--pack-destination', base, '--loglevel=error'], packedIn))
  const tarball = (await readdir(base)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack has left no package.')
  must(run('npm', ['init', '--yes'], folder))
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  must(run('npm', ['install', ...flags, path.join(base, tarball)], folder))
  return {
    folder,
    packedIn,
    tarball: path.join(base, tarball),
    run: (command, args) => run(command, args, folder),
    environment,
    remove: () => rm(base, { recursive: true, force: true }),
  }
}

/** What git knows or would add, as a fresh clone has it, with the packages that are installed here. */
async function copyProject(to: string): Promise<void> {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of listed.stdout.split('\0').filter((name) => name !== ''))
    await cp(path.join(root, file), path.join(to, file)).catch((error: NodeJS.ErrnoException) => {
      // Deleted here, and not yet in git.
      if (error.code !== 'ENOENT') throw error
    })
  await symlink(path.join(root, 'node_modules'), path.join(to, 'node_modules'))
  await writeFile(path.join(to, '.gitignore'), '')
}

function environment(): Record<string, string> {
  return {
    PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: process.env['HOME'] ?? tmpdir(),
    STRANGLER_NO_REDIS: '1',
    ...registry(),
  }
}

/** Where npm finds packages is this machine's to say. */
function registry(): Record<string, string> {
  const settings = Object.entries(process.env).filter(([name]) => /^npm_config_|_proxy$/i.test(name))
  return Object.fromEntries(settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function run(command: string, args: readonly string[], cwd: string): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: environment(),
    timeout: 240_000,
  })
  return { code: status, output: `${stdout}${stderr}${error === undefined ? '' : String(error)}` }
}

function must({ code, output }: CommandResult): void {
  if (code !== 0) throw new Error(output)
}

export const compiler = path.join(programs, 'tsc')
