import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { placeFile } from './place-file.ts'
import { readStartMark } from './process-identity.ts'

/** Others that take the same file over need two file operations for it. */
const ATTEMPTS = 20
const RETRY_MS = 20

/** The process that has a file, as it wrote itself down. */
interface Holder {
  readonly pid: number
  readonly startMark: string
}

/** `release` gives the file back; `pid` is the living process that has it. */
export type FileClaim =
  | { readonly kind: 'ours'; readonly release: () => Promise<void> }
  | { readonly kind: 'taken'; readonly pid: number | undefined }

/** Makes this process the only one that has the file, whose folder is made. What a killed process left behind is taken over. */
export async function claimFile(path: string): Promise<FileClaim> {
  await mkdir(dirname(path), { recursive: true })
  const us: Holder = { pid: process.pid, startMark: (await readStartMark(process.pid)) ?? '' }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await placeFile(path, JSON.stringify(us)))
      return { kind: 'ours', release: () => rm(path, { force: true }) }
    const found = await readText(path)
    const living = await findLiving(found)
    if (living !== undefined) return { kind: 'taken', pid: living.pid }
    if (found !== undefined && !(await clearLeftOver(path, found))) await delay(RETRY_MS)
  }
  return { kind: 'taken', pid: parseHolder(await readText(path))?.pid }
}

/**
 * Of several that have seen the same left-over one takes it away, and looks once more before: another may have done so since, and then the
 * file is somebody's who lives. The right to it is claimed like the file itself, so that whoever dies with it is followed too.
 * @returns false while another has that right
 */
async function clearLeftOver(path: string, found: string): Promise<boolean> {
  const right = await claimFile(`${path}.${createHash('sha256').update(found).digest('hex').slice(0, 12)}`)
  if (right.kind === 'taken') return false
  try {
    if ((await readText(path)) === found) await rm(path, { force: true })
    return true
  } finally {
    await right.release()
  }
}

async function findLiving(text: string | undefined): Promise<Holder | undefined> {
  const holder = parseHolder(text)
  return holder !== undefined && (await readStartMark(holder.pid)) === holder.startMark ? holder : undefined
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // Gone meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parseHolder(text: string | undefined): Holder | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Holder)
  } catch {
    // Spoilt: nobody is named.
    return undefined
  }
}
