import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { query } from './query.ts'

const directories: string[] = []
const linux = process.platform === 'linux'

afterAll(async () => {
  for (const directory of directories) await removePostgresDirectory(directory)
})

/** A process of its own that has started a server and can be killed. */
async function startHolder(): Promise<{
  holder: ChildProcess
  directory: string
  serverPid: number
  url: string
}> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-pg-'))
  directories.push(directory)
  const program = join(import.meta.dirname, 'programs', 'hold-postgres.ts')
  const holder = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  const [pid = '', url = ''] = line.toString().trim().split(' ')
  return { holder, directory, serverPid: Number(pid), url }
}

test('a process that is killed takes its server with it', async () => {
  const { holder, url } = await startHolder()
  await query(url, 'SELECT 1')
  holder.kill('SIGKILL')
  await until(async () => !(await answers(url)))
})

test.skipIf(!linux)(
  'a server whose process and guard were both killed is stopped by the next start',
  async () => {
    const { holder, directory, serverPid, url } = await startHolder()
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(await findGuard(serverPid), 'SIGKILL')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    // The twin: without its guard the server lives on, so the test before this one proves the guard.
    await delay(500)
    expect(await answers(url)).toBe(true)

    const server = await startEmbeddedPostgres({ directory, fsync: false })
    expect(server.pid).not.toBe(serverPid)
    expect(await answers(url)).toBe(server.url === url)
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await server.stop()
  },
)

test.skipIf(!linux)(
  'a server that was killed with all its files in place comes back, whoever has its number now',
  async () => {
    const { holder, directory, serverPid } = await startHolder()
    process.kill(await findGuard(serverPid), 'SIGKILL')
    process.kill(serverPid, 'SIGKILL')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    // As after a restart of the machine: the number now belongs to another process of the same user, at which
    // PostgreSQL by itself refuses to start.
    const { uid, gid } = await stat(join(directory, 'data'))
    const stranger = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {})
    const file = join(directory, 'data', 'postmaster.pid')
    const [, ...rest] = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, [stranger.pid, ...rest].join('\n'))
    const server = await startEmbeddedPostgres({ directory, fsync: false })
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(stranger.exitCode).toBeNull()
    stranger.kill()
    await server.stop()
  },
)

async function findGuard(serverPid: number): Promise<number> {
  for (const entry of await readdir('/proc')) {
    const words = await readFile(`/proc/${entry}/cmdline`, 'utf8').then(
      (text) => text.split('\0'),
      (): string[] => [],
    )
    if (words.includes('strangler-guard') && words.includes(String(serverPid))) return Number(entry)
  }
  throw new Error(`No guard watches over server ${serverPid}.`)
}

async function answers(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  )
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50)
}
