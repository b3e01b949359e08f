import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { offerMariaServer } from './mariadb-starter.ts'

/** The servers that the test files of a run share: PostgreSQL at once, MariaDB when the first file asks for it. */
export default async function startServers(): Promise<() => Promise<void>> {
  const withdrawMaria = await offerMariaServer()
  const stopPostgres = await startTestPostgres()
  return async () => {
    await Promise.all([withdrawMaria(), stopPostgres?.()])
  }
}

/**
 * One PostgreSQL for the whole run, unless STRANGLER_TEST_PG_URL names one. With STRANGLER_KEEP_TEST_DATA=1 its files
 * stay, for a look at the databases of a failed test.
 */
async function startTestPostgres(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['STRANGLER_TEST_PG_URL'] !== undefined) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'strangler-test-'))
  const server = await startEmbeddedPostgres({ directory, fsync: false })
  // Workers inherit the environment of the main process.
  process.env['STRANGLER_TEST_PG_URL'] = server.url
  return async () => {
    await server.stop()
    if (process.env['STRANGLER_KEEP_TEST_DATA'] !== '1') await removePostgresDirectory(directory)
    else process.stderr.write(`The test databases are kept in ${directory}\n`)
  }
}
