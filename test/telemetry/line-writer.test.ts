import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLineWriter } from '../../strangler/telemetry/line-writer.ts'

test('lines arrive in their order, and the end waits for them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-log-'))
  const file = join(folder, 'deep', 'access.log')
  const writer = createLineWriter(file)
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 100)}\n`)
  for (const line of lines) writer.write(line)
  await writer.end(5_000)
  expect(await readFile(file, 'utf8')).toBe(lines.join(''))
  expect(writer.lost).toBe(0)
  await rm(folder, { recursive: true })
})

test.skipIf(!existsSync('/dev/full'))(
  'a full disk costs lines and memory up to a bound, never the process',
  async () => {
    const writer = createLineWriter('/dev/full')
    const startedAt = performance.now()
    for (let i = 0; i < 200; i += 1) writer.write('x'.repeat(100_000))
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(writer.lost).toBeGreaterThan(20_000_000 - 8_500_000)
    // The event loop turns on: this timer fires while the disk is still full.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await writer.end(100)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  },
)

test('a process whose reader has gone goes on and ends by itself', async () => {
  const program = `
    import { createLog } from './strangler/telemetry/log.ts'
    const log = createLog()
    let rounds = 0
    const timer = setInterval(async () => {
      log.logger.info('x'.repeat(70_000))
      if ((rounds += 1) < 20) return
      clearInterval(timer)
      await log.stop()
      process.exitCode = 7
    }, 10)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  expect(code).toBe(7)
})
