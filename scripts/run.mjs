// Runs a script of this project on any machine that has git, npm and Node 20 or later:
//   node scripts/run.mjs scripts/demo.ts [arguments]
// It installs the packages when they are missing or out of date, and hands over to the Node that came with them.
// Plain JavaScript without a single package, because it runs before any is there.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claimInstall } from './claim-install.mjs'
import { findRuntime } from './find-runtime.mjs'
import { installPackages, needsInstall } from './install-packages.mjs'
import { linkProgram } from './link-program.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function main([script, ...args]) {
  if (Number.parseInt(process.versions.node, 10) < 20) {
    return fail(
      `This is Node ${process.versions.node}, and Node 20 or later is needed to install the packages.`,
      'Get one from https://nodejs.org.',
    )
  }
  if (script === undefined) return fail('No script was named.', 'Try `npm run demo`.')
  const failure = await bringPackages()
  if (failure !== undefined) return fail(failure.message, failure.fix)
  linkProgram(root)
  const runtime = findRuntime(root)
  if (runtime.path === undefined) return fail(runtime.message, runtime.fix)
  return runScript(runtime.path, [join(root, script), ...args])
}

/** Installs when that is needed, one process at a time; what another one has installed meanwhile will do. */
async function bringPackages() {
  if (needsInstall(root) === undefined) return undefined
  const release = await claimInstall(root, (pid) =>
    process.stderr.write(`  Process ${pid} is installing the packages; waiting for it …\n`),
  )
  try {
    const reason = needsInstall(root)
    return reason === undefined ? undefined : await installPackages(root, reason)
  } finally {
    release()
  }
}

/** Settles with the exit code that this process should end with. */
function runScript(runtime, args) {
  const folders = [dirname(runtime), join(root, 'node_modules', '.bin'), process.env.PATH ?? '']
  const child = spawn(runtime, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: [...new Set(folders)].join(delimiter) },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!comesFromTerminal(signal)) child.kill(signal)
    })
  }
  const stopWatching = stopWhenOrphaned(child)
  child.once('exit', stopWatching)
  return new Promise((resolve) => {
    child.once('error', (error) =>
      resolve(fail(`${runtime} did not start: ${error.message}.`, 'Run `npm ci`.')),
    )
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/**
 * Ctrl-C in a terminal reaches the whole foreground group, the script included; handing it on would make it two. A signal
 * that was sent to this process alone is handed on.
 */
function comesFromTerminal(signal) {
  if (signal !== 'SIGINT') return false
  try {
    // Fields after the program's name: state, parent, group, session, terminal, the terminal's foreground group.
    const line = readFileSync('/proc/self/stat', 'utf8')
    const [, , group, , , foreground] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return group === foreground
  } catch {
    // No /proc (macOS): a terminal on standard input is the best guess.
    return process.stdin.isTTY === true
  }
}

/** An npm that is killed outright cannot pass a signal on; without it nobody waits for the script any more. */
function stopWhenOrphaned(child) {
  if (process.env.npm_lifecycle_event === undefined) return () => undefined
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, 500)
  return () => clearInterval(timer)
}

function fail(message, fix) {
  process.stderr.write(`${message} ${fix}\n`)
  return 1
}

process.exitCode = await main(process.argv.slice(2))
