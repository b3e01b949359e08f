import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildInto } from '../../scripts/build-dashboard.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('the built dashboard', () => {
  let folder: string
  let here: Map<string, Buffer>
  let outside: Map<string, Buffer>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strangler-built-'))
    const [byTests, byHand] = [join(folder, 'tests'), join(folder, 'hand')]
    await buildInto(byTests)
    // As from a shell, which has no NODE_ENV: of vitest's Vite would make a development build.
    await promisify(execFile)(process.execPath, ['scripts/build-dashboard.ts', byHand], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] },
    })
    here = await readFiles(byTests)
    outside = await readFiles(byHand)
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds no path of the machine on which it was built', () => {
    expect(here.size).toBeGreaterThan(2)
    const withPath = [...here].filter(([, bytes]) => bytes.includes(ROOT)).map(([name]) => name)
    expect(withPath).toEqual([])
  })

  it('is the same whoever builds it, a test or a person: its scripts are as small', () => {
    expect(process.env['NODE_ENV']).toBe('test')
    const sizes = sizeScripts(here)
    expect(sizes.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeGreaterThan(10_000)
    expect(sizeScripts(outside)).toEqual(sizes)
    expect([...outside.keys()]).toEqual([...here.keys()])
  })
})

async function readFiles(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const files = await Promise.all(
    names.sort().map(async (name) => [name.slice(folder.length + 1), await readFile(name)] as const),
  )
  return new Map(files)
}

const sizeScripts = (files: ReadonlyMap<string, Buffer>): [string, number][] =>
  [...files].filter(([name]) => name.endsWith('.js')).map(([name, bytes]) => [name, gzipSync(bytes).length])
