import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Tells a process from a later one with the same number: undefined when no such process lives. */
export async function readStartMark(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const found = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined)
    return found?.stdout.trim() || undefined
  }
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ')
  // A zombie (Z) has ended and only waits to be counted.
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19]
}

/**
 * Whether the process is a PostgreSQL server of this data folder: a postmaster works in its data folder, under its name.
 * A number taken from a stale file may meanwhile belong to anybody.
 */
export async function isPostgresOf(pid: number, data: string): Promise<boolean> {
  if ((await readStartMark(pid)) === undefined) return false
  if (process.platform !== 'linux') {
    const found = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined)
    return found?.stdout.includes(data) === true
  }
  const [folder, name] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
  ])
  return folder === data && name.trim() === 'postgres'
}
