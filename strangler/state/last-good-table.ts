import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReportError } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'

const FORMAT = 1

/** What a proxy needs to serve without the control database: its last state, and the registration that vouches for it. */
export interface LastGood {
  readonly state: RouteState
  readonly registration?: string
}

/** `name` tells the proxies of one directory apart: each worker has its own. */
export interface LastGoodPlace {
  readonly name?: string
}

/** A file that cannot be used is reported and treated as absent: a proxy must start without it, not from a guess. */
export async function readLastGood(
  directory: string,
  { name, report = () => undefined }: LastGoodPlace & { report?: ReportError } = {},
): Promise<LastGood | undefined> {
  const path = lastGoodPath(directory, name)
  try {
    return parseFile(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    report(`reading the last good table ${path}`, error)
    return undefined
  }
}

const waiting = new Map<string, { content: LastGood; done: PromiseWithResolvers<void> }>()
const writing = new Set<string>()

/**
 * Replaces the copy on disk: whoever reads it, at any moment and after any crash, finds the old one or the new one.
 * Calls during a write of the same file are merged: the newest is written, and all of them wait for it.
 */
export async function writeLastGood(
  directory: string,
  content: LastGood,
  { name }: LastGoodPlace = {},
): Promise<void> {
  const path = lastGoodPath(directory, name)
  const done = waiting.get(path)?.done ?? Promise.withResolvers<void>()
  waiting.set(path, { content, done })
  if (!writing.has(path)) void writeWaiting(directory, path)
  return done.promise
}

async function writeWaiting(directory: string, path: string): Promise<void> {
  writing.add(path)
  for (let next = waiting.get(path); next !== undefined; next = waiting.get(path)) {
    waiting.delete(path)
    await replaceFile(directory, path, formatFile(next.content)).then(next.done.resolve, next.done.reject)
  }
  writing.delete(path)
}

export function lastGoodPath(directory: string, name = 'main'): string {
  if (!/^[\w.-]{1,80}$/.test(name)) throw new Error(`"${name}" cannot be part of a file name`)
  return join(directory, `proxy-${name}.json`)
}

function formatFile(content: LastGood): string {
  const body = JSON.stringify(content)
  return `${JSON.stringify({ format: FORMAT, sha256: checksum(body), body })}\n`
}

function parseFile(text: string): LastGood {
  const file = JSON.parse(text) as { format?: unknown; sha256?: unknown; body?: unknown }
  if (file.format !== FORMAT)
    throw new Error(`its format is ${String(file.format)}, and this version reads ${FORMAT}`)
  if (typeof file.body !== 'string' || checksum(file.body) !== file.sha256) {
    throw new Error('its checksum does not fit: it was cut off or changed')
  }
  return JSON.parse(file.body) as LastGood
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

async function replaceFile(directory: string, path: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  try {
    await writeDurably(temporary, text)
    await rename(temporary, path)
    await syncDirectory(directory)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

// The rename itself is only on disk once its directory is.
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
