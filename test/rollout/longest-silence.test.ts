import { expect, test } from 'vitest'
import { longestSilence } from './longest-silence.ts'

const AFTER_BLOW = { struckAt: 1_000, endedAt: 4_000, urls: ['a', 'b'] }
const confirmed = (url: string, ...times: number[]) =>
  times.map((at) => ({ url, beganAt: at - 40, tookMs: 40 }))

test.each([
  ['is that of the proxy that came back last', [...confirmed('a', 4_100), ...confirmed('b', 9_000)], 8_000],
  [
    'begins with the blow, not with a write before it',
    [...confirmed('a', 900, 4_100), ...confirmed('b', 4_000)],
    3_100,
  ],
  [
    'is not ended by a write that slips through before it is held',
    [...confirmed('a', 1_050, 4_200), ...confirmed('b', 4_000)],
    3_150,
  ],
  ['is not known while a proxy has confirmed nothing', confirmed('a', 4_100), undefined],
  [
    'is not known while a proxy has confirmed nothing after the end',
    [...confirmed('a', 4_100), ...confirmed('b', 3_999)],
    undefined,
  ],
])('the silence %s', (_what, written, ms) => {
  expect(longestSilence({ ...AFTER_BLOW, written })).toBe(ms)
})
