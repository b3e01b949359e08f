import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MariaServer, startMariaServer } from '../../strangler/infra/mariadb-server.ts'
import { requireProgram } from './optional.ts'

/**
 * Listens for the first test file that wants MariaDB and starts one for the whole run then: most runs need none, and
 * every test file is a process of its own, so none of them can own it.
 * @returns stops the server, if any, and deletes its files
 */
export async function offerMariaServer(): Promise<() => Promise<void>> {
  let starting: Promise<{ server: MariaServer; directory: string }> | undefined
  const offer = createServer((_request, response) => {
    starting ??= start()
    starting.then(
      ({ server }) => response.end(server.url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  offer.listen(0, '127.0.0.1')
  await once(offer, 'listening')
  process.env['STRANGLER_TEST_MARIADB_STARTER'] = `http://127.0.0.1:${(offer.address() as AddressInfo).port}/`
  return async () => {
    offer.close()
    offer.closeAllConnections()
    // A start that failed has been told to the tests that asked for it.
    const started = await starting?.catch(() => undefined)
    if (started === undefined) return
    await started.server.stop()
    if (process.env['STRANGLER_KEEP_TEST_DATA'] !== '1')
      await rm(started.directory, { recursive: true, force: true })
    else process.stderr.write(`The MariaDB test databases are kept in ${started.directory}\n`)
  }
}

async function start(): Promise<{ server: MariaServer; directory: string }> {
  const found = await requireProgram('mariadb')
  if (found === undefined) throw new Error('mariadbd is not on this machine')
  const directory = await mkdtemp(join(tmpdir(), 'strangler-maria-'))
  return { server: await startMariaServer({ directory, program: found.path, fsync: false }), directory }
}
