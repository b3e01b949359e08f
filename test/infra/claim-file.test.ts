import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { claimFile } from '../../strangler/infra/claim-file.ts'

// Between what a starter sees and what it does about it the others do something: otherwise all of one process go in step.
vi.mock(import('../../strangler/infra/process-identity.ts'), async (importOriginal) => {
  const original = await importOriginal()
  return {
    ...original,
    async readStartMark(pid) {
      const mark = await original.readStartMark(pid)
      await delay(Math.random() * 6)
      return mark
    },
  }
})

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-claim-'))
  path = join(directory, 'port-1')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** The pid of a process that has ended. */
const leaveBehind = (text = JSON.stringify({ pid: spawnSync('true').pid, startMark: 'long ago' })) =>
  writeFile(path, text)

it.each([
  ['a process that has ended', undefined],
  ['nobody can read', '{"pid":'],
])(
  'a file that %s left behind goes to one of many starters, however they overlap',
  async (_whose, text) => {
    for (let round = 0; round < 10; round += 1) {
      await leaveBehind(text)
      const claims = await Promise.all(Array.from({ length: 16 }, () => claimFile(path)))
      const ours = claims.filter((claim) => claim.kind === 'ours')
      expect(ours).toHaveLength(1)
      expect(claims.filter((claim) => claim.kind === 'taken' && claim.pid === process.pid)).toHaveLength(15)
      await ours[0]?.release()
    }
    expect(await readdir(directory)).toEqual([])
  },
  120_000,
)

it('of a process that lives is left to it', async () => {
  const held = await claimFile(path)
  const before = await readFile(path, 'utf8')
  expect(await claimFile(path)).toEqual({ kind: 'taken', pid: process.pid })
  expect(await readFile(path, 'utf8')).toBe(before)
  if (held.kind === 'ours') await held.release()
  expect(await readdir(directory)).toEqual([])
})

it('goes to one of several processes', async () => {
  await leaveBehind()
  const program = `import { claimFile } from ${JSON.stringify(join(import.meta.dirname, '../../strangler/infra/claim-file.ts'))}
    const { kind } = await claimFile(${JSON.stringify(path)})
    process.stdout.write(kind)
    process.stdin.once('data', () => process.exit())`
  const starters = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const said = await Promise.all(starters.map(async ({ stdout }) => String((await once(stdout, 'data'))[0])))
  expect(said.sort()).toEqual(['ours', 'taken', 'taken', 'taken'])
  await Promise.all(starters.map((starter) => once(starter, 'exit', { signal: end(starter) })))
}, 120_000)

function end(starter: ReturnType<typeof spawn>): AbortSignal {
  starter.stdin?.end('go')
  return AbortSignal.timeout(60_000)
}
