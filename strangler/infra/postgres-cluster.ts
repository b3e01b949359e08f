import { execFile } from 'node:child_process'
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StranglerError } from '../core/errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { exists, makeOwnFolder, type PostgresDirectory } from './postgres-directory.ts'
import type { ServerAccount } from './server-account.ts'

const run = promisify(execFile)

/** Nothing of ours is inherited: PGDATA, PGPORT or a locale of the caller must not change what the server does. */
export const SERVER_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Makes the data folder with `initdb` unless it exists, and checks that it was made by the same major version.
 * It is built aside and renamed, so that an interrupted first start leaves nothing half-made.
 * @returns the account that the data belongs to, which as root may be another user than the one asked for
 */
export async function ensureCluster(
  directory: PostgresDirectory,
  binaries: PostgresBinaries,
  options: { account: ServerAccount | undefined; fsync: boolean },
): Promise<ServerAccount | undefined> {
  if (!(await exists(join(directory.data, 'PG_VERSION')))) {
    await createCluster(directory, binaries, options)
    return options.account
  }
  await checkVersion(directory.data, binaries.version)
  if (options.account === undefined) return undefined
  const { uid, gid } = await stat(directory.data)
  return uid === 0 ? options.account : { uid, gid }
}

async function createCluster(
  directory: PostgresDirectory,
  binaries: PostgresBinaries,
  options: { account: ServerAccount | undefined; fsync: boolean },
): Promise<void> {
  const { account } = options
  const building = `${directory.data}.new`
  const passwordFile = `${directory.data}.password`
  try {
    await makeOwnFolder(building, account)
    await rm(passwordFile, { force: true })
    await writeFile(passwordFile, directory.password, { mode: 0o600, flag: 'wx' })
    if (account !== undefined) await chown(passwordFile, account.uid, account.gid)
    const args = [
      `--pgdata=${building}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      // The same order of text on every machine, whatever locales it has.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(options.fsync ? [] : ['--no-sync']),
    ]
    await run(binaries.initdb, args, { ...account, cwd: '/', env: SERVER_ENV })
    await rm(directory.data, { recursive: true, force: true })
    await rename(building, directory.data)
  } catch (cause) {
    const output = (cause as { stderr?: string }).stderr?.trim() || String(cause)
    throw new StranglerError(
      'STRANGLER_POSTGRES_START_FAILED',
      `initdb could not make ${directory.data}:\n${output.split('\n').slice(-20).join('\n')}\n`,
      {
        fix: 'Mend what it names (space, rights), or set `control.url` to a PostgreSQL of your own.',
        cause,
      },
    )
  } finally {
    await rm(passwordFile, { force: true })
    await rm(building, { recursive: true, force: true })
  }
}

async function checkVersion(data: string, version: string): Promise<void> {
  const found = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new StranglerError('STRANGLER_POSTGRES_START_FAILED', `${data} cannot be read (${cause.code}).`, {
      fix: 'Run as the user who made it, or give another `directory` in the configuration.',
      cause,
    })
  })
  const [wanted] = version.split('.')
  if (found.trim() === wanted) return
  throw new StranglerError(
    'STRANGLER_POSTGRES_START_FAILED',
    `${data} was made by PostgreSQL ${found.trim()}, and the installed one is ${wanted}, which cannot read it.`,
    {
      fix: 'Install the kit version that made it, dump the database with pg_dump, and load it into a new directory.',
    },
  )
}
