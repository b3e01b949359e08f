import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { startMariaServer } from '../../strangler/infra/mariadb-server.ts'
import { readStartMark } from '../../strangler/infra/process-identity.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(`a launched MariaDB${sayMissing('mariadb')}`, () => {
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

  it('lets nobody in without its password, and has its data and its password again after a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'strangler-maria-test-'))
    const options = { directory, program: mariadbd!.path, fsync: false }
    try {
      const first = await startMariaServer(options)
      const stranger = { host: '127.0.0.1', port: first.port, user: 'root' }
      await expect(createConnection(stranger)).rejects.toThrow('Access denied')
      const connection = await createConnection(first.url)
      await connection.query('CREATE DATABASE kept')
      await connection.end()
      await first.stop()
      const second = await startMariaServer(options)
      try {
        expect(new URL(second.url).password).toBe(new URL(first.url).password)
        const again = await createConnection(`${second.url}kept`)
        await again.end()
      } finally {
        await second.stop()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
