import { readdirSync, readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createShadowMarks } from '../../strangler/core/shadow-mark.ts'
import { createShadowBeside } from '../../strangler/shadow/shadow-beside.ts'

/** The nice value of every thread of this process, by its number. */
function readPriorities(): Map<string, number> {
  return new Map(
    readdirSync('/proc/self/task').flatMap((thread) => {
      try {
        const line = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
        return [[thread, Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16])] as const]
      } catch {
        return [] // It has ended meanwhile.
      }
    }),
  )
}

// Only Linux keeps a priority for each thread; elsewhere the comparison does not touch any.
test.runIf(process.platform === 'linux')(
  'the thread that compares gives way to all others, and to it alone the priority is lowered',
  async () => {
    const config = checkConfig({ sides: { monolith: 'http://127.0.0.1:9' }, capabilities: {} })
    const secret = Buffer.alloc(32, 3)
    const shadow = createShadowBeside({
      ...{ config, secret, marks: createShadowMarks(secret, Date.now) },
      position: { appliedThrough: () => undefined, sourceNow: () => undefined },
      report: () => undefined,
    })
    onTestFinished(() => shadow.stop())
    const before = readPriorities()
    const own = before.get(String(process.pid)) ?? 0
    shadow.prepare()
    await shadow.settled()
    const after = readPriorities()
    expect(after.get(String(process.pid))).toBe(own)
    const lowered = [...after].filter(([thread, nice]) => nice > (before.get(thread) ?? own))
    expect(lowered.map(([, nice]) => nice)).toEqual([Math.min(own + 10, 19)])
  },
  30_000,
)
