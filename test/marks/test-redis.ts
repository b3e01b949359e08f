import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { launchServerProcess, type ServerProcess } from '../../strangler/infra/server-process.ts'
import { until } from './marks-stand.ts'

/** A Redis of the test's own, that it may kill and start again. */
export interface TestRedis {
  readonly url: string
  /** Redis's own inline form; empty when nobody answers. */
  ask(command: string): Promise<string>
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export async function startTestRedis(program: string): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-marks-redis-'))
  const port = await findFreePort()
  let server: ServerProcess | undefined
  const ask = (command: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => resolve(''))
      socket.on('data', (chunk) => {
        socket.destroy()
        resolve(String(chunk))
      })
      socket.on('connect', () => socket.write(`${command}\r\n`))
    })
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    ask,
    async start() {
      server = await launchServerProcess({
        command: program,
        args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory],
        env: { PATH: process.env['PATH'] },
        logFile: join(directory, 'redis.log'),
        stopSignals: [{ signal: 'SIGKILL', waitMs: 5_000 }],
      })
      await until(async () => (await ask('PING')).includes('PONG'))
    },
    async kill() {
      await server?.stop()
      server = undefined
    },
    async stop() {
      await redis.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}
