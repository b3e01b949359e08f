// Part of run.mjs: brings node_modules to what package-lock.json says, with `npm ci`.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Why the packages must be installed, or undefined when they need not be. */
export function needsInstall(root) {
  const lock = readLock(join(root, 'package-lock.json'))
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'))
  if (lock === undefined) return undefined
  if (installed === undefined) return 'they are not installed yet'
  const damage = findDamage(root, lock.packages)
  if (damage !== undefined) return damage
  if (readStamp(root) === hashOf(lock.text)) return undefined
  // Somebody ran npm by hand. Times prove nothing (a checkout makes every file new), so the contents are compared.
  const difference = findDifference(lock.packages, installed.packages)
  if (difference === undefined) writeStamp(root, lock.text)
  return difference
}

/**
 * Runs `npm ci`, and shows that it is alive while it takes long.
 * @returns what went wrong, or undefined
 */
export async function installPackages(root, reason) {
  const { command, args } = findNpm()
  // Said outright, because NODE_ENV=production or an `omit` in somebody's .npmrc would leave out Node and PostgreSQL.
  const flags = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const progress = showProgress(`Installing packages (${reason})`)
  const result = await runToEnd(command, [...args, ...flags], root)
  progress.end(result.code === 0 ? 'done' : 'failed')
  if (result.code === 0) {
    // The whole comparison, whatever an older stamp says; it writes the new one.
    rmSync(stampPath(root), { force: true })
    const missing = needsInstall(root)
    if (missing === undefined) return undefined
    return {
      message: `\`npm ci\` in ${root} ended well, and yet ${missing}; another npm may have been at work there.`,
      fix: 'Let it finish, and run the same command again.',
    }
  }
  process.stderr.write(`${result.output.trimEnd()}\n`)
  return {
    message: `\`npm ci\` in ${root} ${result.ending}; its output is above.`,
    fix: 'Mend what it names (often the network, or a registry in an .npmrc) and run the same command again.',
  }
}

function readLock(path) {
  try {
    const text = readFileSync(path, 'utf8')
    return { text, packages: JSON.parse(text).packages ?? {} }
  } catch {
    // Absent, or cut short by an interrupted install: both mean that nothing is known to be installed.
    return undefined
  }
}

function findDifference(wanted, installed) {
  for (const [place, { version, optional, link }] of Object.entries(wanted)) {
    // npm leaves out optional packages of other platforms.
    if (place === '' || link || (optional && installed[place] === undefined)) continue
    if (installed[place] === undefined) return `${basename(place)} is missing`
    if (installed[place].version !== version) return `${basename(place)} should be ${version}`
  }
  return undefined
}

/** npm's own record says what was installed, not what is still there. */
function findDamage(root, wanted) {
  for (const [place, { optional, link }] of Object.entries(wanted)) {
    if (place === '' || link || optional) continue
    if (!existsSync(join(root, place, 'package.json'))) return `${basename(place)} is not there`
  }
  return undefined
}

const stampPath = (root) => join(root, 'node_modules', '.strangler-install')
const hashOf = (text) => createHash('sha256').update(text).digest('hex')

function readStamp(root) {
  return existsSync(stampPath(root)) ? readFileSync(stampPath(root), 'utf8').trim() : undefined
}

function writeStamp(root, lockText) {
  try {
    writeFileSync(stampPath(root), `${hashOf(lockText)}\n`)
  } catch (error) {
    // The stamp only saves a comparison; a read-only node_modules works without it.
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error
  }
}

/** The npm that runs us, else the one on the PATH. Yarn and pnpm set the same variable. */
function findNpm() {
  const running = process.env.npm_execpath
  if (running !== undefined && basename(running).startsWith('npm-cli.') && existsSync(running)) {
    return { command: process.execPath, args: [running] }
  }
  return { command: 'npm', args: [] }
}

function runToEnd(command, args, cwd) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const stopWithUs = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stopWithUs)
    const end = (result) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, stopWithUs)
      resolve(result)
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk
      })
    }
    child.once('error', (error) => end({ code: 1, output: String(error), ending: 'did not start' }))
    child.once('close', (code, signal) => {
      end({ code, output, ending: signal === null ? `ended with code ${code}` : `was stopped by ${signal}` })
    })
  })
}

/** One line that keeps moving in a terminal; elsewhere a line at the start and every ten seconds. */
function showProgress(what) {
  const begun = Date.now()
  const seconds = () => `${Math.round((Date.now() - begun) / 1000)} s`
  const moves = process.stderr.isTTY === true
  const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
  let turn = 0
  const show = () => {
    turn += 1
    const text = `${what}: ${seconds()}`
    process.stderr.write(moves ? `\r${frames[turn % frames.length]} ${text}` : `${text}\n`)
  }
  process.stderr.write(moves ? `  ${what} …` : `${what}; this takes a minute or two the first time.\n`)
  const timer = setInterval(show, moves ? 100 : 10_000)
  return {
    end: (word) => {
      clearInterval(timer)
      process.stderr.write(`${moves ? '\r' : ''}  ${what}: ${word} after ${seconds()}\n`)
    },
  }
}
