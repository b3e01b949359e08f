import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StranglerError } from '../core/errors.ts'
import { ensureFolder, unusable } from './ensure-folder.ts'
import { canAccess, type ServerAccount } from './server-account.ts'

/** Where the files of one embedded server are. */
export interface PostgresDirectory {
  /** Ours: password, log, who started the server. */
  readonly home: string
  /** The server's: its parent is reachable by the account. */
  readonly data: string
  readonly logFile: string
  readonly password: string
}

/** Where the data is when it cannot be beneath the directory, written into the directory itself. */
interface Location {
  readonly directory: string
  readonly data: string
}

/**
 * Prepares the directory: makes it, settles where the data goes, and makes the password on the first call.
 * Data goes to `<directory>/data`, or, where the account cannot reach that, to a folder of the machine tied to the directory.
 * @throws StranglerError STRANGLER_POSTGRES_START_FAILED when this user may not use it
 */
export async function openPostgresDirectory(
  directory: string,
  account: ServerAccount | undefined,
): Promise<PostgresDirectory> {
  await ensureFolder(directory, 'STRANGLER_POSTGRES_START_FAILED')
  const home = await realpath(directory)
  // The account passes through to `data`; it cannot list what else is here.
  if (account !== undefined) await chmod(home, 0o711)
  const data = await settleData(home, account)
  return { home, data, logFile: join(home, 'postgres.log'), password: await keepPassword(home) }
}

/** Deletes everything of a server that is stopped, wherever its data is. */
export async function removePostgresDirectory(directory: string): Promise<void> {
  const location = await readLocation(directory)
  if (location !== undefined) await rm(dirname(location.data), { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
}

async function settleData(home: string, account: ServerAccount | undefined): Promise<string> {
  const recorded = await readLocation(home)
  // A checkout that was moved keeps its data; one that was copied gets its own.
  if (recorded !== undefined && (recorded.directory === home || !(await exists(recorded.directory)))) {
    if (!(await exists(dirname(recorded.data)))) throw dataGone(home, recorded.data)
    return recorded.data
  }
  const own = join(home, 'data')
  if (account === undefined || (await exists(own)) || (await canAccess(account, home, 'x'))) return own
  const elsewhere = await makeReachable(home, account)
  await writeFile(join(home, 'location.json'), JSON.stringify({ directory: home, data: elsewhere }), {
    mode: 0o600,
  })
  return elsewhere
}

/** Beginning anew without a word would undo every decision in the journal. */
function dataGone(home: string, data: string): StranglerError {
  return new StranglerError(
    'STRANGLER_POSTGRES_START_FAILED',
    `The data of the database in ${home} was kept in ${data}, as location.json there says, and that is gone.`,
    { fix: `Bring it back from a backup, or begin anew with \`rm -r ${home}\`.` },
  )
}

/** Where the data outlives a restart of the machine, unless the directory itself is for the moment only. */
async function makeReachable(home: string, account: ServerAccount): Promise<string> {
  const name = `strangler-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`
  const lasting = ['/var/lib', '/var/tmp']
  const passing = [tmpdir(), '/tmp']
  const isPassing = passing.some((folder) => home.startsWith(`${folder}/`))
  if (isPassing) for (const folder of passing) await sweepOrphans(folder)
  for (const parent of new Set(isPassing ? [...passing, ...lasting] : [...lasting, ...passing])) {
    if (!(await canAccess(account, parent, 'x'))) continue
    const place = join(parent, name)
    try {
      // A place without a record that points to it belonged to a directory that was deleted, password and all.
      await rm(place, { recursive: true, force: true })
      await mkdir(place, { mode: 0o711 })
      await chmod(place, 0o711)
      await writeFile(join(place, 'origin'), home, { mode: 0o600 })
      return join(place, 'data')
    } catch {
      // Read-only or full: the next one may do.
    }
  }
  throw new StranglerError(
    'STRANGLER_POSTGRES_START_FAILED',
    `PostgreSQL runs as user ${account.uid} because it refuses root, and that user reaches neither ${home} nor any shared folder.`,
    { fix: 'Run from a folder that other users may enter, or as an ordinary user.' },
  )
}

/** Deletes the data of temporary directories that were deleted without it. Lasting places are left alone. */
async function sweepOrphans(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((entry) => /^strangler-[0-9a-f]{16}$/.test(entry))) {
    const place = join(folder, name)
    const origin = await readFile(join(place, 'origin'), 'utf8').catch(() => undefined)
    // A server that still runs there writes its number into this file, and removes it when it ends.
    const isIdle = !(await exists(join(place, 'data', 'postmaster.pid')))
    if (origin !== undefined && isIdle && !(await exists(origin))) {
      await rm(place, { recursive: true, force: true })
    }
  }
}

async function readLocation(home: string): Promise<Location | undefined> {
  const text = await readFile(join(home, 'location.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Location)
}

async function keepPassword(home: string): Promise<string> {
  const path = join(home, 'password')
  const kept = await readFile(path, 'utf8').catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    // A new password would be another one than the database has.
    throw await unusable(path, { code: 'STRANGLER_POSTGRES_START_FAILED', cause })
  })
  if (kept !== undefined && kept.trim() !== '') return kept.trim()
  const password = randomBytes(24).toString('base64url')
  await writeFile(path, `${password}\n`, { mode: 0o600 })
  return password
}

/** Makes an empty folder that belongs to the account. */
export async function makeOwnFolder(path: string, account: ServerAccount | undefined): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
