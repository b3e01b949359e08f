import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Stoppable } from '../core/ports.ts'
import type { ServerAccount } from './server-account.ts'

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A server that runs in a session of its own, and not longer than this process. */
export interface ServerProcess extends Stoppable {
  readonly pid: number
  readonly exited: Promise<ServerExit>
  hasExited(): boolean
  /** The last lines (at most `lines`, default 20) that this run wrote to its log. */
  readLog(lines?: number): Promise<string>
}

/** What to launch, and how it wants to be stopped. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Standard output and error are appended here. */
  readonly logFile: string
  readonly account?: ServerAccount | undefined
  /** Written to the server's standard input, which is then closed. */
  readonly input?: string
  /** Tried one after the other, each given `waitMs`; SIGKILL comes after the last. */
  readonly stopSignals: ReadonlyArray<{ readonly signal: NodeJS.Signals; readonly waitMs: number }>
}

/**
 * The guard outlives this process on purpose: its standard input is a pipe that only this process holds open. A line
 * means that the server is gone already; end of file means that this process died without stopping it.
 */
const GUARD = `
trap '' INT TERM HUP
read -r word && exit 0
for signal in $2 KILL; do
  kill -s "$signal" "$1" 2>/dev/null || exit 0
  waited=0
  while [ "$waited" -lt 10 ]; do
    sleep 1
    kill -0 "$1" 2>/dev/null || exit 0
    waited=$((waited + 1))
  done
done`

/**
 * Launches a server in its own session, so that a terminal's Ctrl-C reaches only us and we decide the order of stopping,
 * with a guard that stops it when we are killed.
 */
export async function launchServerProcess(options: ServerCommand): Promise<ServerProcess> {
  const log = await open(options.logFile, 'a', 0o600)
  const logStart = (await log.stat()).size
  try {
    const child = spawn(options.command, options.args, {
      ...options.account,
      cwd: '/',
      env: options.env,
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', log.fd, log.fd],
    })
    await once(child, 'spawn')
    // A server that dies before it has read its input says so in its log.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input)
    return watchOver(child, options, logStart)
  } finally {
    await log.close()
  }
}

function watchOver(child: ChildProcess, options: ServerCommand, logStart: number): ServerProcess {
  const pid = child.pid as number
  const dismissGuard = postGuard(pid, options)
  let ended: ServerExit | undefined
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal }
      dismissGuard()
      resolve(ended)
    })
  })
  let stopping: Promise<void> | undefined
  const stop = async () => {
    for (const { signal, waitMs } of [
      ...options.stopSignals,
      { signal: 'SIGKILL', waitMs: 5_000 } as const,
    ]) {
      if (ended !== undefined) return
      child.kill(signal)
      await Promise.race([exited, delay(waitMs, undefined, { ref: false })])
    }
  }
  return {
    pid,
    exited,
    hasExited: () => ended !== undefined,
    readLog: (lines = 20) => readTail(options.logFile, logStart, lines),
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

function postGuard(pid: number, options: ServerCommand): () => void {
  const signals = options.stopSignals.map(({ signal }) => signal.slice(3)).join(' ')
  const guard = spawn('/bin/sh', ['-c', GUARD, 'strangler-guard', String(pid), signals], {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a shell there is no guard; the server still stops in every orderly end.
  guard.on('error', () => undefined)
  // Somebody may kill the guard before us; the server does not depend on it.
  guard.stdin.on('error', () => undefined)
  guard.unref()
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
  return () => guard.stdin.end('gone\n')
}

async function readTail(path: string, from: number, lines: number): Promise<string> {
  const size = (await stat(path)).size
  const start = Math.max(from, size - 16_384)
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.max(0, size - start)),
      0,
      undefined,
      start,
    )
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lines).join('\n')
  } finally {
    await file.close()
  }
}
