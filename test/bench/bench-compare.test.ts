import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeBodyPairs } from '../../bench/compare/make-bodies.ts'
import { measurePair } from '../../bench/compare/measure-pair.ts'
import { COMPARE_BENCH_DEFAULTS } from '../../bench/compare/options.ts'

test('the comparison benchmark prints one JSON object with every ratio at every size', async () => {
  const args = ['bench/main.ts', 'compare', '--json', '--rounds', '1', '--milliseconds', '1']
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })
  const report = JSON.parse(stdout)
  for (const name of ['diffVsParse', 'diffVsParseOfText', 'vsJsondiffpatch', 'vsMicrodiff']) {
    expect(Object.keys(report[name])).toEqual(['1 KiB', '100 KiB', '5 MiB'])
    for (const ratio of Object.values(report[name])) expect(ratio).toBeTypeOf('number')
  }
  expect(report.pairs['5 MiB'].manyDiffer.bytes).toBeGreaterThan(4.5 * 2 ** 20)
}, 120_000)

test('its bodies have the size that they are said to have', () => {
  for (const size of [1_024, 102_400]) {
    for (const { primary, shadow } of makeBodyPairs(size)) {
      expect(primary).not.toBe(shadow)
      expect(Buffer.byteLength(primary) / size).toBeGreaterThan(0.7)
      expect(Buffer.byteLength(primary) / size).toBeLessThan(1.3)
    }
  }
})

test('a subject that finds something else than what differs is not timed', () => {
  const [pair] = makeBodyPairs(1_024)
  const options = { ...COMPARE_BENCH_DEFAULTS, rounds: 1, milliseconds: 1 }
  expect(measurePair(pair!, options).bytes).toBeGreaterThan(0)
  expect(() => measurePair({ ...pair!, differing: 1 }, options)).toThrow('kit finds 0 differences')
})
