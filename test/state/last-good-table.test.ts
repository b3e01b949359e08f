import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RouteState } from '../../strangler/core/words.ts'
import { lastGoodPath, readLastGood, writeLastGood } from '../../strangler/state/last-good-table.ts'

const state = (version: number): RouteState => ({
  version,
  overrides: {},
  salts: { inventory: 'ä€𝄞' },
  holds: {},
})

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-last-good-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

describe('the last good table on disk', () => {
  it('comes back as it was written, with its registration', async () => {
    await writeLastGood(directory, { state: state(3), registration: 'proxy-1' })
    expect(await readLastGood(directory)).toEqual({ state: state(3), registration: 'proxy-1' })
  })

  it('is none when it was never written, without a report', async () => {
    expect(await readReporting()).toEqual({ found: undefined, reports: [] })
  })

  it('is one file for each name', async () => {
    await writeLastGood(directory, { state: state(1) }, { name: 'worker-1' })
    await writeLastGood(directory, { state: state(2) }, { name: 'worker-2' })
    expect((await readLastGood(directory, { name: 'worker-1' }))?.state.version).toBe(1)
    expect((await readLastGood(directory, { name: 'worker-2' }))?.state.version).toBe(2)
    await expect(writeLastGood(directory, { state: state(1) }, { name: '../x' })).rejects.toThrow('file name')
  })

  it('is for its owner only', async () => {
    await writeLastGood(directory, { state: state(1) })
    expect((await stat(lastGoodPath(directory))).mode & 0o777).toBe(0o600)
  })

  it('is reported and treated as none when it was cut off anywhere', async () => {
    await writeLastGood(directory, { state: state(1) })
    const whole = await readFile(lastGoodPath(directory))
    for (let length = 0; length < whole.length - 1; length += 7) {
      await writeFile(lastGoodPath(directory), whole.subarray(0, length))
      const { found, reports } = await readReporting()
      expect(found).toBeUndefined()
      expect(reports).toHaveLength(1)
    }
  })

  it('is reported and treated as none when one byte of its content differs, though it is still JSON', async () => {
    await writeLastGood(directory, { state: state(41) })
    const text = await readFile(lastGoodPath(directory), 'utf8')
    const changed = text.replace('41', '42')
    expect(JSON.parse(JSON.parse(changed).body).state.version).toBe(42)
    await writeFile(lastGoodPath(directory), changed)
    const { found, reports } = await readReporting()
    expect(found).toBeUndefined()
    expect(reports[0]).toContain('checksum')
  })

  it('is reported and treated as none when a later version wrote it in another format', async () => {
    await writeFile(lastGoodPath(directory), JSON.stringify({ format: 99, content: {} }))
    const { found, reports } = await readReporting()
    expect(found).toBeUndefined()
    expect(reports[0]).toContain('99')
  })

  it('ends at the newest of many writes at once, and can be read at every moment', async () => {
    await writeLastGood(directory, { state: state(0) })
    let writing = true
    const writes = Promise.all(
      Array.from({ length: 300 }, (_, index) => writeLastGood(directory, { state: state(index + 1) })),
    ).finally(() => {
      writing = false
    })
    while (writing) expect(await readReporting()).toMatchObject({ reports: [] })
    await writes
    expect((await readLastGood(directory))?.state.version).toBe(300)
    expect(await readdir(directory)).toEqual(['proxy-main.json'])
  })

  it('says so when it cannot be written', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(writeLastGood(join(directory, 'file'), { state: state(1) })).rejects.toThrow()
  })
})

async function readReporting() {
  const reports: string[] = []
  const found = await readLastGood(directory, { report: (_, error) => reports.push(String(error)) })
  return { found, reports }
}
