import { type ChildProcess, spawn } from 'node:child_process'
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
  /** Kills it without a word, and starts it anew in its folder. */
  restart(whileAway?: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

export async function startDemoStand(more: readonly string[] = []): Promise<DemoStand> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-guide-'))
  let running = startDemo(directory, more)
  const stop = async () => {
    await end(running.child, 'SIGINT')
    await rm(directory, { recursive: true, force: true })
  }
  const come = () =>
    readAddresses(running).catch(async (error: unknown) => {
      await stop()
      throw error
    })
  let addresses = await come()
  return {
    ...{ directory, stop },
    get addresses() {
      return addresses
    },
    async restart(whileAway) {
      await end(running.child, 'SIGKILL')
      await whileAway?.()
      running = startDemo(directory, more)
      addresses = await come()
    },
  }
}

interface RunningDemo {
  readonly child: ChildProcess
  readonly said: () => string
}

function startDemo(directory: string, more: readonly string[]): RunningDemo {
  // Sixty users, who see to it that somebody is among the first tenth of a canary: of twenty there was nobody one time in eight.
  const child = spawn(process.execPath, [DEMO, '--wait', '--rows', '1800', ...more], {
    env: { ...process.env, STRANGLER_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  return { child, said: () => said }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return
  child.kill(signal)
  await once(child, 'exit')
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

async function readAddresses({ child, said }: RunningDemo): Promise<DemoStand['addresses']> {
  for (const deadline = Date.now() + 240_000; Date.now() < deadline; ) {
    const shop = /The shop is at (http:\S+?),/.exec(said())?.[1]
    const tests = /with rows for tests, is at (http:\S+?)\.\n/.exec(said())?.[1]
    if (shop !== undefined && tests !== undefined)
      return { 'http://127.0.0.1:8080': shop, 'http://127.0.0.1:3011': tests }
    if (hasEnded(child)) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`The demo did not come up:\n${said()}`)
}
