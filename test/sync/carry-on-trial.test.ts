import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import type { ChangeBatch } from '../../strangler/core/sync-words.ts'
import { carryOnTrial } from '../../strangler/sync/carry-on-trial.ts'

const batch: ChangeBatch = {
  ...{ capability: 'items', installation: 'test', direction: 'reverse', epoch: 1 },
  entries: [{ table: 'item', key: '1', version: '1', row: ['1'] }],
}

const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)
afterEach(() => process.off('unhandledRejection', note))

it('says that the queue is late also where it does not even take the job, and leaves no rejection to nobody', async () => {
  // Connected, and silent: as a Redis that was stopped.
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(
    0,
    '127.0.0.1',
  )
  await once(silent, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  process.on('unhandledRejection', note)
  const { port } = silent.address() as AddressInfo
  const trial = carryOnTrial(
    {
      ...{ capability: 'items', installation: 'test', report: () => undefined },
      queue: { kind: 'redis', url: `redis://127.0.0.1:${port}` },
    },
    (carry) => carry(batch),
  )
  await expect(trial).rejects.toThrow(/within 5 s|not answer for 5000 ms/)
  expect(unhandled).toEqual([])
}, 30_000)
