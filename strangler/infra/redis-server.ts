import { randomBytes } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Stoppable } from '../core/ports.ts'
import { findProgram } from './find-program.ts'
import { findFreePort } from './free-port.ts'
import { readSecret } from './read-secret.ts'
import { launchServerProcess, type ServerProcess } from './server-process.ts'

/** What carries jobs and wake-ups, and why, as a sentence for people. */
export type Redis =
  | (Stoppable & { readonly kind: 'redis'; readonly url: string; readonly description: string })
  | (Stoppable & { readonly kind: 'postgres'; readonly description: string })

export interface FindRedisOptions {
  /** Where a launched server keeps its log; made when absent. */
  readonly directory: string
  /** `redis.url` of the configuration; REDIS_URL comes next. */
  readonly url?: string | undefined
  /** False where no capability has tables: then none is launched. */
  readonly isNeeded?: boolean
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Settles on a Redis: the one that is named, else one launched from a `redis-server` or `valkey-server` on the PATH on a
 * free loopback port, else none (BullMQ's PostgreSQL backend serves). STRANGLER_NO_REDIS=1 means none. A named Redis is
 * not tried here: losing Redis costs latency only, so it is no reason not to start.
 */
export async function findRedis(options: FindRedisOptions): Promise<Redis> {
  const env = options.env ?? process.env
  if (env['STRANGLER_NO_REDIS'] === '1') return usePostgres('STRANGLER_NO_REDIS=1 is set')
  if (options.url !== undefined) return useNamed(options.url, '`redis.url` of the configuration')
  const named = readSecret(env, 'REDIS_URL')
  if (named !== undefined) return useNamed(named, 'REDIS_URL')
  if (options.isNeeded === false) return usePostgres('no capability has tables')
  const program = await findProgram(['redis-server', 'valkey-server'], env['PATH'])
  if (program === undefined) {
    return usePostgres('REDIS_URL is not set, and neither redis-server nor valkey-server is on the PATH')
  }
  return launchRedis(program, options.directory)
}

/** It was not launched here. */
const nothingToStop = () => Promise.resolve()

/** The Redis that the configuration or the environment names: every process of the kit has the same one then. */
export function namedRedisUrl({
  url,
  env = process.env,
}: Omit<FindRedisOptions, 'directory'>): string | undefined {
  if (env['STRANGLER_NO_REDIS'] === '1') return undefined
  return url ?? readSecret(env, 'REDIS_URL')
}

function useNamed(url: string, source: string): Redis {
  const shown = URL.canParse(url) ? new URL(url).host : 'an address that cannot be read'
  return { kind: 'redis', url, description: `Redis at ${shown}, named by ${source}`, stop: nothingToStop }
}

function usePostgres(why: string): Redis {
  return {
    kind: 'postgres',
    description: `no Redis (${why}): its jobs go through PostgreSQL`,
    stop: nothingToStop,
  }
}

async function launchRedis(program: string, directory: string): Promise<Redis> {
  await mkdir(directory, { recursive: true })
  const home = await realpath(directory)
  const password = randomBytes(24).toString('base64url')
  // Another process may take the port between our look and the server's bind.
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const port = await findFreePort(6379)
    const server = await launchServerProcess({
      command: program,
      // The settings come by standard input: a command line, and the password in it, is everybody's to read.
      args: ['-'],
      input: settings({ port, password, home }),
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      logFile: join(home, 'redis.log'),
      stopSignals: [{ signal: 'SIGTERM', waitMs: 5_000 }],
    })
    if (await waitUntilReady(server, port, password)) {
      return {
        kind: 'redis',
        url: `redis://:${password}@127.0.0.1:${port}`,
        description: `Redis at 127.0.0.1:${port}, launched from ${program}`,
        stop: () => server.stop(),
      }
    }
    await server.stop()
  }
  return usePostgres(`${program} did not start; ${join(home, 'redis.log')} says why`)
}

/** Nothing is kept on disk: what goes through Redis can be done again from the databases. */
function settings(options: { port: number; password: string; home: string }): string {
  return [
    'bind 127.0.0.1',
    `port ${options.port}`,
    `requirepass ${options.password}`,
    `dir "${options.home.replaceAll(/["\\]/g, '\\$&')}"`,
    'save ""',
    'appendonly no',
    // BullMQ's demand: an evicted key would be a lost job.
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n')
}

async function waitUntilReady(server: ServerProcess, port: number, password: string): Promise<boolean> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(20)) {
    if (server.hasExited()) return false
    if (await answersPing(port, password)) return true
  }
  return false
}

/** Asks in Redis's own inline form, so that this file needs no client. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    const finish = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1_000, () => finish(false))
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.on('data', (chunk) => {
      answer += chunk
      if (answer.includes('+PONG')) finish(true)
    })
  })
}
