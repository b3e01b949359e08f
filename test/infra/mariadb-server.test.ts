import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { startMariaServer } from '../../strangler/infra/mariadb-server.ts'
import { readStartMark } from '../../strangler/infra/process-identity.ts'
import { requireProgram } from '../support/optional.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(
  'a launched MariaDB (skipped: mariadbd is not on this machine)',
  () => {
    it('answers on loopback only and leaves no process behind', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'strangler-maria-test-'))
      const server = await startMariaServer({ directory, program: mariadbd!.path, fsync: false })
      try {
        const connection = await createConnection(server.url)
        const [rows] = await connection.query('SELECT @@bind_address AS address, @@version AS version')
        await connection.end()
        expect(rows).toMatchObject([{ address: '127.0.0.1', version: expect.stringContaining('MariaDB') }])
        expect(await readStartMark(server.pid)).toBeDefined()
      } finally {
        await server.stop()
        await server.stop()
        await rm(directory, { recursive: true, force: true })
      }
      expect(await readStartMark(server.pid)).toBeUndefined()
    })
  },
)
