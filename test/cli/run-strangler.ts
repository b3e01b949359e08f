import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { main } from '../../strangler/cli/main.ts'

const BIN = fileURLToPath(new URL('../../strangler/bin.mjs', import.meta.url))

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** Default: the Node that runs the tests. */
  readonly node?: string
  /** A shell stands between, as the one that `npx` starts. */
  readonly throughShell?: true
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<RunResult>
  /** Settles when the text has appeared on either stream; rejects when the command ends first. */
  until(text: string | RegExp): Promise<string>
}

/** Starts the real command; only what is given here is in its environment, so that this machine's settings play no part. */
export function startStrangler(args: readonly string[], options: RunOptions = {}): Running {
  const node = options.node ?? process.execPath
  const [command, first] = options.throughShell ? ['/bin/sh', ['-c', '"$@"; true', 'sh', node]] : [node, []]
  const child = spawn(command, [...first, BIN, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], USER: 'tester', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let onOutput: () => void = () => undefined
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    onOutput()
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    onOutput()
  })
  const ended = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  const until = (text: string | RegExp) =>
    new Promise<string>((resolve, reject) => {
      onOutput = () => {
        const seen = stdout + stderr
        if (typeof text === 'string' ? seen.includes(text) : text.test(seen)) resolve(seen)
      }
      onOutput()
      ended.then((result) => reject(new Error(`ended first: ${JSON.stringify(result)}`)), reject)
    })
  return { child, ended, until }
}

export function runStrangler(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return startStrangler(args, options).ended
}

/**
 * The same command line in this process: quick, and with nothing of this machine in its environment either.
 * @param program as which hints name it; default `strangler`
 */
export async function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  program?: string,
): Promise<RunResult> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof written) => ({
    columns: 100,
    isTTY: false,
    write(chunk: unknown) {
      written[name] += String(chunk)
      return true
    },
  })
  const called = program === undefined ? {} : { program }
  const code = await main(args, { stdout: stream('stdout'), stderr: stream('stderr'), env, ...called })
  return { code, ...written }
}
