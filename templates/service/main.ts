import { ABOUT } from './about.ts'
import { createService } from './create-service.ts'
import { readOptions } from './service-options.ts'

/** node main.ts --database-url postgres://… [--port 3001]; every option may come from the environment: DATABASE_URL, PORT. */
async function main(): Promise<void> {
  const service = await createService(readOptions(process.argv.slice(2), process.env))
  const { url } = await service.start().catch(async (error: unknown) => {
    await service.stop()
    throw error
  })
  // Before the line: who has read it may send a signal, and without this one ends the process at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop())
  process.stdout.write(`${JSON.stringify({ app: ABOUT.capability, listening: url, pid: process.pid })}\n`)
}

if (import.meta.main)
  main().catch((error: Error) => {
    process.stderr.write(`${ABOUT.capability} cannot start: ${error.message}\n`)
    process.exitCode = 1
  })
