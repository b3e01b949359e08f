import { expect, test } from 'vitest'
import { judgeIncarnation, nextToken } from '../../strangler/sync/judge-incarnation.ts'

const remembered = { epoch: 3, server: 'a', tokens: ['7-x'], position: '500' }
const present = { epoch: 3, server: 'a', token: '7-x', position: '900' }

test('a database fits that has gone on from where it was seen, or was never seen', () => {
  expect(judgeIncarnation(undefined, present)).toBeUndefined()
  expect(judgeIncarnation(remembered, present)).toBeUndefined()
  expect(
    judgeIncarnation({ ...remembered, tokens: ['6-w', '7-x'] }, { ...present, token: '6-w' }),
  ).toBeUndefined()
  expect(judgeIncarnation(remembered, { ...present, epoch: 4 })).toBeUndefined()
  expect(judgeIncarnation(remembered, { ...present, position: undefined })).toBeUndefined()
})

test.each([
  ['another server', { server: 'b' }, /another server/],
  ['an older epoch', { epoch: 2 }, /epoch 2 again, and was in 3/],
  ['an older token', { token: '6-w' }, /older/],
  ['no token any more', { token: '' }, /older/],
  ['another life of the same age', { token: '7-y' }, /older/],
  ['a log that ends before what was on disk', { position: '499' }, /ends at 499/],
])('a database is lost with %s', (_name, change, found) => {
  expect(judgeIncarnation(remembered, { ...present, ...change })).toMatch(found)
})

test('where the memory is the older one, it is not the database that has gone back', () => {
  expect(judgeIncarnation(remembered, { ...present, token: '9-z' })).toBeUndefined()
})

test('every token is later than the one before, and like no other', () => {
  const [one, other] = [nextToken('7-x'), nextToken('7-x')]
  expect(one).toMatch(/^8-[0-9a-f]{24}$/)
  expect(one).not.toBe(other)
  expect(nextToken('')).toMatch(/^1-/)
})
