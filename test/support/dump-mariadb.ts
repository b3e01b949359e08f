import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findProgram, serverPath } from '../../strangler/infra/find-program.ts'

const run = promisify(execFile)
const PROGRAM = await findProgram(['mariadb-dump', 'mysqldump'], serverPath())

/** Whether the program is on this machine that `dumpMariadb` runs. */
export const canDumpMariadb = PROGRAM !== undefined

/** Everything of a database but its rows: tables, triggers with their modes and definers, routines, events. */
export async function dumpMariadb(url: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const where = ['--no-defaults', `-h${hostname}`, `-P${port}`, `-u${username}`]
  const what = ['--no-data', '--routines', '--events', '--triggers', '--skip-dump-date', '--skip-comments']
  const { stdout } = await run(PROGRAM ?? '', [...where, ...what, pathname.slice(1)], {
    env: { ...process.env, MYSQL_PWD: password },
  })
  return stdout.replaceAll(/ AUTO_INCREMENT=\d+/g, '')
}
