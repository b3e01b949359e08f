import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StranglerError } from '../core/errors.ts'
import { readStartMark } from './process-identity.ts'

/** The process that has a name, as it wrote itself down. */
interface Holder {
  readonly pid: number
  readonly startMark: string
}

/**
 * Makes this process the only proxy of that name in the directory: two would share one registration and one copy of the table, and
 * a cut-over would wait for one of them. What a killed process left behind is taken over.
 * @returns gives the name back
 * @throws StranglerError STRANGLER_NAME_IN_USE when a living process has it
 */
export async function claimName(directory: string, name: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, `proxy-${name}.pid`)
  const us: Holder = { pid: process.pid, startMark: (await readStartMark(process.pid)) ?? '' }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await writeNew(path, us)) return () => rm(path, { force: true })
    const holder = await readHolder(path)
    if (holder !== undefined && (await readStartMark(holder.pid)) === holder.startMark)
      throw inUse(name, directory, holder)
    await rm(path, { force: true })
  }
  throw inUse(name, directory, await readHolder(path))
}

// A link never replaces, and never shows half a file: of several processes that start at once one gets the name.
async function writeNew(path: string, us: Holder): Promise<boolean> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  await writeFile(temporary, JSON.stringify(us), { mode: 0o600, flag: 'wx' })
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    // Gone meanwhile, or spoilt: in both cases nobody is named.
    return undefined
  }
}

function inUse(name: string, directory: string, holder: Holder | undefined): StranglerError {
  return new StranglerError(
    'STRANGLER_NAME_IN_USE',
    `The proxy "${name}" of ${directory} is process ${holder?.pid ?? 'unknown'}, and two of one name would count as one in a cut-over.`,
    { fix: 'Stop that process, or give this one a name of its own: `strangler start --name edge-2`.' },
  )
}
