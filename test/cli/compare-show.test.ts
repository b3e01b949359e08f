import { expect, test } from 'vitest'
import { printAnswers } from '../../strangler/cli/commands/compare-show.ts'
import type { Terminal } from '../../strangler/cli/terminal.ts'

function shown(pair: Parameters<typeof printAnswers>[1]): string[] {
  const parts: string[] = []
  const stdout = { isTTY: false, write: (part: string) => parts.push(part) }
  printAnswers({ stdout, env: {} } as unknown as Terminal, pair)
  return parts
    .join('')
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').trimEnd())
}

const MONOLITH = ['Date', 'Mon', 'Content-Type', 'application/json', 'X-Total', '3', 'Connection', '‹masked›']
const SERVICE = ['content-type', 'application/json', 'content-length', '9', 'x-total', '4', 'date', 'Tue']

test('answers are paired by the names of their headers, and marked where the comparison has found a difference', () => {
  const lines = shown({
    side: 'monolith',
    answers: {
      primary: { status: 200, headers: MONOLITH, body: '{"a":1,"b":2}' },
      shadow: { status: 200, headers: SERVICE, body: '{"a":1,"b":3}' },
    },
    differences: [
      { kind: 'header', path: 'header:x-total', count: 1 },
      { kind: 'value', path: '$.b', count: 1 },
    ],
  } as Parameters<typeof shown>[0])
  expect(lines).toContain(' date: Mon | date: Tue')
  expect(lines).toContain(' content-type: application/json | content-type: application/json')
  expect(lines).toContain(' connection: ‹masked› |')
  expect(lines).toContain(' | content-length: 9')
  expect(lines.filter((line) => line.startsWith('≠'))).toEqual([
    '≠ x-total: 3 | x-total: 4',
    '≠ "b": 2 | "b": 3',
  ])
})

test('a type of content that differs is marked, and a header whose name begins alike is not', () => {
  const answer = (type: string) => ({
    status: 200,
    headers: ['x-a', '1', 'x-a-b', '1', 'content-type', type],
    body: '',
  })
  const lines = shown({
    side: 'service',
    answers: { primary: answer('text/html'), shadow: answer('text/plain') },
    differences: [
      { kind: 'content-type', path: 'content-type', count: 1 },
      { kind: 'header', path: 'header:x-a', count: 1 },
    ],
  } as Parameters<typeof shown>[0])
  expect(lines.filter((line) => line.startsWith('≠')).map((line) => line.split(':')[0])).toEqual([
    '≠ content-type',
    '≠ x-a',
  ])
})
