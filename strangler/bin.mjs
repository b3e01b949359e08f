#!/usr/bin/env node
// The command `strangler`. Plain JavaScript, because it must run on a Node that cannot run the rest: it looks for one that can.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HANDED_OVER = 'STRANGLER_HANDED_OVER'

/** Types are stripped without a flag since 22.18 and 23.6. */
function canRunTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major === 22) return minor >= 18
  if (major === 23) return minor >= 6
  return major >= 24
}

/** The Node that npm has put beside this package, or beside the project in the working directory. */
function findNearestNode() {
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', '.bin', 'node')
      if (existsSync(candidate)) return candidate
      if (dirname(folder) === folder) break
    }
  }
  return undefined
}

function handOver(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, [HANDED_OVER]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal reaches the child by itself.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(explain(`${node} did not start: ${error.message}.`)))
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/**
 * `npx strangler start` runs below npm and a shell; a SIGTERM for npm ends those two only, and nobody would wait for the kit any more.
 * One that was put into the background by hand has no npm above it and is left alone.
 */
function stopWhenOrphaned() {
  const { npm_command: command, npm_lifecycle_event: event } = process.env
  if (command !== 'exec' && event !== 'npx') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  timer.unref()
}

function explain(found) {
  process.stderr.write(
    `${found} The kit is written in TypeScript, which Node runs since 22.18; its packages need 22.19 or 24.11. Run \`npm install --save-dev node@24\` in this folder, or get Node 24 from https://nodejs.org.\n`,
  )
  return 1
}

/** In a clone the sources themselves; in the package what they were compiled to, because Node strips no types below node_modules. */
function findMain() {
  const source = new URL('./cli/main.ts', import.meta.url)
  return existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href
}

async function run() {
  if (canRunTypeScript(process.versions.node)) {
    // Says nothing to the kit's own children.
    delete process.env[HANDED_OVER]
    const { main } = await import(findMain())
    return main(process.argv.slice(2))
  }
  const node = process.env[HANDED_OVER] === undefined ? findNearestNode() : undefined
  return node === undefined ? explain(`This is Node ${process.versions.node}.`) : handOver(node)
}

stopWhenOrphaned()
process.exitCode = await run()
