import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { placeFile } from './place-file.ts'
import { readStartMark } from './process-identity.ts'

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
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await placeFile(path, JSON.stringify(us)))
      return { kind: 'ours', release: () => rm(path, { force: true }) }
    const holder = await readHolder(path)
    if (holder !== undefined && (await readStartMark(holder.pid)) === holder.startMark)
      return { kind: 'taken', pid: holder.pid }
    await rm(path, { force: true })
  }
  return { kind: 'taken', pid: (await readHolder(path))?.pid }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    // Gone meanwhile, or spoilt: in both cases nobody is named.
    return undefined
  }
}
