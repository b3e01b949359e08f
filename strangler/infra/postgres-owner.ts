import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { PostgresDirectory } from './postgres-directory.ts'
import { isPostgresOf, readStartMark } from './process-identity.ts'

/** The process that started a server, as it wrote itself down. */
interface Owner {
  readonly pid: number
  readonly startMark: string
}

/**
 * Makes this process the one that runs the directory's server, and stops what a process that was killed left running.
 * @returns gives the directory back
 * @throws StranglerError STRANGLER_POSTGRES_START_FAILED when a living process runs it
 */
export async function claimDirectory(directory: PostgresDirectory): Promise<() => Promise<void>> {
  const path = join(directory.home, 'owner.json')
  const us: Owner = { pid: process.pid, startMark: (await readStartMark(process.pid)) ?? '' }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await writeNew(path, JSON.stringify(us))) {
      await stopLeftOver(directory.data)
      return () => rm(path, { force: true })
    }
    const owner = await readOwner(path)
    if (owner !== undefined && (await readStartMark(owner.pid)) === owner.startMark)
      throw inUse(directory, owner)
    await rm(path, { force: true })
  }
  throw inUse(directory, await readOwner(path))
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(text)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner
  } catch {
    // Gone meanwhile, or cut short by a crash: in both cases nobody is named.
    return undefined
  }
}

/**
 * Stops the server that `postmaster.pid` names, if that number still is one of ours. The file alone is no proof: after a
 * restart of the machine or the container the number may belong to anybody, and PostgreSQL would then refuse to start.
 */
async function stopLeftOver(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const pid = Number.parseInt((await readFile(file, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10)
  if (!Number.isInteger(pid) || pid <= 1) return
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await isPostgresOf(pid, data))) break
    process.kill(pid, signal)
    await waitUntilGone(pid, data)
  }
  // Dead: PostgreSQL clears the file itself, after it has made sure that no child of the dead server still writes.
  if ((await readStartMark(pid)) !== undefined) await rm(file, { force: true })
}

async function waitUntilGone(pid: number, data: string, timeoutMs = 10_000): Promise<void> {
  for (let waited = 0; waited < timeoutMs && (await isPostgresOf(pid, data)); waited += 50) await delay(50)
}

function inUse(directory: PostgresDirectory, owner: Owner | undefined): StranglerError {
  return new StranglerError(
    'STRANGLER_POSTGRES_START_FAILED',
    `The database in ${directory.home} is run by process ${owner?.pid ?? 'unknown'}, and two servers cannot share one.`,
    {
      fix: 'Stop that process, give this one another `directory`, or set `control.url` to a PostgreSQL that both use.',
    },
  )
}
