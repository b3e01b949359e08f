// Part of run.mjs: of several processes that find the packages missing one installs, and the others wait for it. Two `npm ci` in one
// folder take away what the other has just put there, and both may say that all went well.
import { spawnSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 200

/**
 * Makes this process the one that installs, as soon as no other living one is.
 * @param onWait is told once which process is waited for
 * @returns gives the folder back
 */
export async function claimInstall(root, onWait) {
  const path = join(root, '.strangler-install.lock')
  const us = JSON.stringify({ pid: process.pid, startMark: readStartMark(process.pid) })
  for (let told = false; ; ) {
    const outcome = tryClaim(path, us)
    if (outcome !== 'taken') return () => (outcome === 'ours' ? rmSync(path, { force: true }) : undefined)
    const found = readText(path)
    const owner = parseOwner(found)
    if (owner === undefined || !isAlive(owner)) {
      takeAway(path, found)
      continue
    }
    if (!told) onWait(owner.pid)
    told = true
    await delay(POLL_MS)
  }
}

/** A link never replaces, and never shows half a file: of several processes one gets it. */
function tryClaim(path, us) {
  const temporary = `${path}.${process.pid}`
  try {
    writeFileSync(temporary, us)
    linkSync(temporary, path)
    return 'ours'
  } catch (error) {
    if (error.code === 'EEXIST') return 'taken'
    // A folder that cannot be written, or a file system without links: npm will say what it thinks of it.
    return 'not possible'
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Removes what an owner that has ended left; if somebody has claimed the place meanwhile, it is theirs again. */
function takeAway(path, found) {
  const aside = `${path}.${process.pid}.old`
  try {
    renameSync(path, aside)
    if (readText(aside) !== found) linkSync(aside, path)
  } catch (error) {
    // Another process that waits was faster.
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function parseOwner(text) {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    // Gone meanwhile, or spoilt: nobody is named.
    return undefined
  }
}

function isAlive({ pid, startMark }) {
  const mark = readStartMark(pid)
  return mark !== '' && mark === startMark
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Gone: the same as empty for whoever asks.
    return ''
  }
}

/** Tells a process from a later one with the same number; empty when there is none. */
function readStartMark(pid) {
  if (process.platform !== 'linux') {
    return (spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim()
  }
  const line = readText(`/proc/${pid}/stat`)
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}
