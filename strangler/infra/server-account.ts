import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StranglerError } from '../core/errors.ts'

const run = promisify(execFile)

/** The user that a server runs as. */
export interface ServerAccount {
  readonly uid: number
  readonly gid: number
}

/**
 * Who may run PostgreSQL, which refuses to run as root: undefined means "whoever we are" (not root); as root the user
 * `postgres`, created when it is absent, or `nobody` where users cannot be created.
 * @throws StranglerError STRANGLER_POSTGRES_START_FAILED when root finds nobody to hand over to
 */
export async function findServerAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const account =
    (await lookUp('postgres')) ?? ((await createPostgresUser()) ? await lookUp('postgres') : undefined)
  const fallback = account ?? (await lookUp('nobody'))
  if (fallback === undefined) {
    throw new StranglerError(
      'STRANGLER_POSTGRES_START_FAILED',
      'PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`, nor `useradd` to make one.',
      { fix: 'Run as an ordinary user, or set `control.url` to a PostgreSQL of your own.' },
    )
  }
  return fallback
}

/** Whether the account can do this with the path: `mode` is any of r, w, x as `test` takes them. */
export async function canAccess(
  account: ServerAccount | undefined,
  path: string,
  mode: string,
): Promise<boolean> {
  const tests = [...mode].map((letter) => `test -${letter} "$1"`).join(' && ')
  return succeeds('/bin/sh', ['-c', tests, 'sh', path], account)
}

/** Runs a program as the account, from `/`, and says whether it ended well. */
export async function succeeds(
  command: string,
  args: readonly string[],
  account: ServerAccount | undefined,
): Promise<boolean> {
  return run(command, args, { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  )
}

async function lookUp(name: string): Promise<ServerAccount | undefined> {
  try {
    const [user, group] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number.parseInt(user.stdout, 10), gid: Number.parseInt(group.stdout, 10) }
  } catch {
    // `id` fails for a name that does not exist, which is the answer to the question.
    return undefined
  }
}

async function createPostgresUser(): Promise<boolean> {
  // The group may be left over from a removed package, so its failure does not decide.
  await succeeds('groupadd', ['--system', 'postgres'], undefined)
  const options = ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/usr/sbin/nologin']
  return succeeds('useradd', [...options, 'postgres'], undefined)
}
