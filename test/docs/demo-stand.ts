import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DEMO = join(import.meta.dirname, '../../scripts/demo.ts')

/** `npm run demo -- --wait …` in a folder of its own. */
export interface DemoStand {
  readonly directory: string
  /** By the address that the pages name. */
  readonly addresses: Readonly<Record<string, string>>
  stop(): Promise<void>
}

export async function startDemoStand(more: readonly string[] = []): Promise<DemoStand> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-guide-'))
  const child = spawn(process.execPath, [DEMO, '--wait', '--rows', '600', ...more], {
    env: { ...process.env, STRANGLER_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGINT')
      await once(child, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    return {
      directory,
      stop,
      addresses: await readAddresses(
        () => said,
        () => child.exitCode !== null,
      ),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readAddresses(said: () => string, hasEnded: () => boolean): Promise<DemoStand['addresses']> {
  for (const deadline = Date.now() + 240_000; Date.now() < deadline; ) {
    const shop = /The shop is at (http:\S+?),/.exec(said())?.[1]
    const tests = /with rows for tests, is at (http:\S+?)\.\n/.exec(said())?.[1]
    if (shop !== undefined && tests !== undefined)
      return { 'http://127.0.0.1:8080': shop, 'http://127.0.0.1:3011': tests }
    if (hasEnded()) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`The demo did not come up:\n${said()}`)
}
