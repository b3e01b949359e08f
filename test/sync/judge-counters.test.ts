import { expect, test } from 'vitest'
import { judgeCounters } from '../../strangler/sync/judge-counters.ts'

const look = (changed: number, logged: number, direct = 0) => ({
  changed: { stock: changed, level: 0 },
  logged,
  direct,
})

test('as many entries as changes, or more, are sound, and so are a few too few', () => {
  expect(judgeCounters(look(0, 0), look(1_000, 1_000))).toBeUndefined()
  expect(judgeCounters(look(0, 0), look(1_000, 1_500))).toBeUndefined()
  expect(judgeCounters(look(0, 0), look(1_000, 965))).toBeUndefined()
})

test('fewer entries than changes are missed ones, by the tables that were changed', () => {
  expect(judgeCounters(look(0, 0, 7), look(1_000, 400, 7))).toEqual({
    missed: 600,
    tables: ['stock'],
    isDoubtful: false,
  })
})

test('they are doubtful where entries have left the intake for elsewhere than the log', () => {
  expect(judgeCounters(look(0, 700, 700), look(1_000, 1_100, 100))).toMatchObject({
    missed: 600,
    isDoubtful: true,
  })
})

test('counters that fall have begun anew', () => {
  expect(judgeCounters(look(5, 5), look(4, 5))).toBe('reset')
  expect(judgeCounters(look(5, 5), look(9, 4))).toBe('reset')
})
