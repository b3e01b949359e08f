import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** What `npm install` would bring, as links: the folder is outside of the project, and finds its packages as any other would. */
export async function linkPackages(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@types'), { recursive: true })
  const names = ['express', 'typeorm', 'pg', 'mysql2', 'reflect-metadata']
  for (const name of names) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  for (const name of await readdir(join(ROOT, 'node_modules/@types')))
    await symlink(join(ROOT, 'node_modules/@types', name), join(modules, '@types', name))
  await symlink(ROOT, join(modules, 'strangler-kit'))
}

export interface ExtractedService {
  readonly url: string
  readonly child: ChildProcess
  /** Ends it as an operator does; its exit code. */
  stop(): Promise<number | null>
}

/** Starts the generated program as its README says. */
export async function startExtracted(folder: string, env: Record<string, string>): Promise<ExtractedService> {
  const child = spawn(process.execPath, ['main.ts', '--port', '0'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let url: string | undefined
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  while (url === undefined) {
    const isOver = await Promise.race([ended.then(() => true), once(child.stdout, 'data').then(() => false)])
    if (isOver) throw new Error(`The service has ended: ${said}`)
    url = /"listening":"([^"]+)"/.exec(said)?.[1]
  }
  return {
    ...{ url, child },
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
