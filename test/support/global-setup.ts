import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'

/**
 * One PostgreSQL for the whole run, unless STRANGLER_TEST_PG_URL names one. With STRANGLER_KEEP_TEST_DATA=1 its files
 * stay, for a look at the databases of a failed test.
 */
export default async function startTestPostgres(): Promise<(() => Promise<void>) | undefined> {
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
