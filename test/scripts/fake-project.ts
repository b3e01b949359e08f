import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const scripts = join(import.meta.dirname, '..', '..', 'scripts')

/** A project with the real run.mjs, one made-up package, and an npm that only notes down that it was called. */
export interface FakeProject {
  readonly root: string
  /** Replaces what `npm` does, as lines of a shell script; `$ROOT` is the project. */
  setNpm(...lines: string[]): Promise<void>
  /** Writes package-lock.json with this version of the package. */
  lock(version: string): Promise<void>
  /** The arguments of every call of npm. */
  npmCalls(): Promise<string[]>
  writeScript(text: string): Promise<void>
  start(...args: string[]): ChildProcess
  /** A shell that stands for npm, with run.mjs as its child. */
  startThroughNpm(...args: string[]): ChildProcess
  run(...args: string[]): Promise<{ code: number | null; output: string }>
  remove(): Promise<void>
}

const PARTS = ['run.mjs', 'claim-install.mjs', 'install-packages.mjs', 'find-runtime.mjs', 'link-program.mjs']

/** What a successful `npm ci` leaves behind. */
export const INSTALL = [
  'mkdir -p "$ROOT/node_modules/.bin" "$ROOT/node_modules/thing"',
  'echo "{}" > "$ROOT/node_modules/thing/package.json"',
  'cp "$ROOT/package-lock.json" "$ROOT/node_modules/.package-lock.json"',
  `ln -sf "${process.execPath}" "$ROOT/node_modules/.bin/node"`,
]

export async function makeFakeProject(): Promise<FakeProject> {
  const root = await mkdtemp(join(tmpdir(), 'strangler-run-'))
  const bin = join(root, 'machine')
  await mkdir(join(root, 'scripts'))
  await mkdir(bin)
  for (const name of PARTS) {
    await cp(join(scripts, name), join(root, 'scripts', name))
  }
  await symlink('/bin/sh', join(bin, 'sh'))
  const { npm_execpath: _, npm_lifecycle_event: __, ...environment } = process.env
  const runner = join(root, 'scripts', 'run.mjs')
  const launch = (command: string, args: string[], extra: NodeJS.ProcessEnv = {}) =>
    // In a session of its own, so that a signal to it is never one from a developer's terminal.
    spawn(command, args, {
      env: { ...environment, PATH: `${bin}:/usr/bin:/bin`, ROOT: root, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  const start = (...args: string[]) => launch(process.execPath, [runner, ...args])
  const project: FakeProject = {
    root,
    setNpm: (...lines) =>
      writeFile(join(bin, 'npm'), ['#!/bin/sh', 'echo "$@" >> "$ROOT/calls"', ...lines].join('\n'), {
        mode: 0o755,
      }),
    lock: (version) =>
      writeFile(
        join(root, 'package-lock.json'),
        JSON.stringify({
          packages: {
            '': { name: 'fake' },
            'node_modules/thing': { version },
            'node_modules/for-another-platform': { version: '1.0.0', optional: true },
          },
        }),
      ),
    npmCalls: async () => {
      const text = await readFile(join(root, 'calls'), 'utf8').catch(() => '')
      return text.split('\n').filter((call) => call !== '')
    },
    writeScript: (text) => writeFile(join(root, 'main.ts'), text),
    start,
    startThroughNpm: (...args) =>
      launch('/bin/sh', ['-c', '"$@"; true', 'npm', process.execPath, runner, ...args], {
        npm_lifecycle_event: 'demo',
      }),
    run: (...args) => collect(start(...args)),
    remove: () => rm(root, { recursive: true, force: true }),
  }
  await project.lock('1.0.0')
  await project.setNpm(...INSTALL)
  await project.writeScript('console.log("the script ran", ...(process.argv.slice(2) satisfies string[]))')
  return project
}

/** Waits for the end of a process; both its streams in one text. */
export function collect(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}
