import { ABOUT } from './about.ts'
import { createService } from './create-service.ts'
import { readOptions } from './service-options.ts'

/** node main.ts --database-url postgres://… [--port 3001]; every option may come from the environment: DATABASE_URL, PORT. */
async function main(): Promise<void> {
  const service = await createService(readOptions(process.argv.slice(2), process.env))
  try {
    const { url } = await service.start()
    process.stdout.write(`${JSON.stringify({ app: ABOUT.capability, listening: url, pid: process.pid })}\n`)
  } catch (error) {
    await service.stop()
    throw error
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop())
}

if (import.meta.main)
  main().catch((error: Error) => {
    process.stderr.write(`${ABOUT.capability} cannot start: ${error.message}\n`)
    process.exitCode = 1
  })
