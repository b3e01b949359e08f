import { checkTables } from '../../../strangler/sync/check-tables.ts'
import { type DatabasePair, openPair } from '../../../strangler/sync/database-pair.ts'
import { createTargetEnd } from '../../../strangler/sync/link.ts'
import { createTransport } from '../../../strangler/sync/transport.ts'
import { serveRemote } from '../../processes/remote.ts'
import { CAPABILITY, INSTALLATION, TABLE } from '../options.ts'
import type { Addresses } from '../stand.ts'

// A second applier of the same jobs: the one that is killed.
const open: { stop(): Promise<void> }[] = []
const report = (operation: string, error: unknown) =>
  process.stderr.write(`applier, ${operation}: ${String(error)}\n`)

async function start({ source, target, redis }: Addresses & { epoch: number }): Promise<void> {
  const addresses = {
    monolith: { side: 'monolith', url: source },
    service: { side: CAPABILITY, url: target },
  }
  const pair: DatabasePair = await openPair(addresses, report)
  const { routes } = await checkTables(pair, [{ table: TABLE }], addresses)
  const basis = { capability: CAPABILITY, installation: INSTALLATION, direction: 'forward' as const, report }
  const transport = createTransport({ ...basis, server: { kind: 'redis', url: redis } })
  const end = createTargetEnd({ ...basis, epoch: 0, routes: routes.forward, transport, target: pair.service })
  open.push(pair, transport, end)
  await end.start()
}

serveRemote({ start }, async () => {
  for (const part of open.toReversed()) await part.stop()
})
