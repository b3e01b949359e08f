import { startEmbeddedPostgres } from '../../../strangler/infra/embedded-postgres.ts'

// Starts a server in the directory that is named and waits to be killed.
const server = await startEmbeddedPostgres({ directory: process.argv[2] ?? '', fsync: false })
process.stdout.write(`${server.pid} ${server.url}\n`)
setInterval(() => undefined, 60_000)
