import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createProcessorWait } from '../../strangler/shadow/processor-wait.ts'

const isLinux = process.platform === 'linux'

/** A file as `/proc/self/task/<thread>/schedstat`: nanoseconds of running and of waiting, and turns. */
function makeSchedstat(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'strangler-schedstat-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'schedstat')
  const write = (next: string) => writeFileSync(file, next)
  write(text)
  return { file, write }
}

test.runIf(isLinux)('the wait is the share of what was wanted since the last look', () => {
  const { file, write } = makeSchedstat('1000000000 500000000 3\n')
  const wait = createProcessorWait(file)
  write('1090000000 510000000 9\n')
  expect(wait.take()).toBeCloseTo(0.1)
  expect(wait.take()).toBe(0)
  write('1090000000 520000000 9\n')
  expect(wait.take()).toBe(1)
  write('1090100000 521000000 9\n')
  expect(wait.take(), 'a millisecond, of next to nothing').toBe(0)
})

test.runIf(isLinux)('a file that is gone says nothing, and stops nothing', () => {
  const { file } = makeSchedstat('1000000000 500000000 3\n')
  const wait = createProcessorWait(file)
  rmSync(file)
  expect(wait.take()).toBe(0)
})

test('where the system does not tell, a machine is watched as a whole', () => {
  const wait = createProcessorWait('/nowhere/schedstat')
  expect([0, 1]).toContain(wait.take())
})

test.runIf(isLinux)(
  'on a machine that others fill, this very thread is seen waiting',
  async () => {
    const spin = 'const end = Date.now() + 20_000; while (Date.now() < end);'
    const others = Array.from({ length: 3 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', spin]),
    )
    onTestFinished(() => others.forEach((one) => void one.kill()))
    await Promise.all(others.map((one) => new Promise((resolve) => one.once('spawn', resolve))))
    const wait = createProcessorWait()
    const busyFor = (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end; );
      return wait.take()
    }
    await expect.poll(() => busyFor(200), { timeout: 15_000 }).toBeGreaterThan(0.1)
  },
  30_000,
)
