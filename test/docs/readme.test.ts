import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { drawRecording } from '../../scripts/terminal/draw-recording.ts'
import { readJourney, runJourney } from '../../scripts/terminal/run-journey.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'

const root = path.join(import.meta.dirname, '../..')
const readme = await readFile(path.join(root, 'README.md'), 'utf8')
const JOURNEY = "One endpoint's journey"

test('one endpoint’s journey has six commands, and each does what the README says of it', async () => {
  const lines = await readJourney(JOURNEY)
  expect(lines).toHaveLength(6)
  const typed = await runJourney(lines)
  expect(typed.map(({ line, code }) => ({ line, code }))).toEqual(lines.map((line) => ({ line, code: 0 })))
  const [set, why, toService, back, clear, history] = typed.map(({ output }) => output)
  expect(set).toContain('is now canary=25')
  expect(why).toMatch(/monolith|service/)
  expect(toService).toContain('is now service')
  expect(back).toContain('is now monolith')
  expect(clear).toMatch(/GET \/api\/inventory\/:sku is now/)
  expect(history).toContain('back again')
  const drawn = drawRecording(typed)
  for (const { line } of typed) expect(drawn).toContain(line.replaceAll('&', '&amp;'))
  const recorded = await readFile(path.join(root, 'docs/images/journey.svg'), 'utf8')
  // `npm run record` draws it anew.
  expect(textOf(recorded)).toBe(textOf(drawn))
}, 90_000)

/** What a recording says, without what is another thing each time: numbers, times, and the side that user 7 is sent to. */
function textOf(svg: string): string {
  const lines = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text)
  return lines
    .join(' ')
    .replaceAll(/[\d:.TZ-]*\d[\d:.TZ-]*/g, '<n>')
    .replaceAll(/goes to the (service \(inventory\)|monolith)|is (inside|outside) the canary/g, '<side>')
    .replaceAll(/\s+/g, ' ')
}

test('the recording that the README shows is of these very commands', async () => {
  const svg = await readFile(path.join(root, 'docs/images/journey.svg'), 'utf8')
  for (const line of await readJourney(JOURNEY)) expect(svg).toContain(`$ ${line}`)
  expect(svg).toContain('is now canary=25')
  expect(svg).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
})

test('a recording draws markup as text, and says nothing by motion alone', () => {
  const drawn = drawRecording([{ line: 'npx strangler', output: '<b> & "c"', code: 0, tookMs: 5 }])
  expect(drawn).toContain('&lt;b&gt; &amp; "c"')
  expect(drawn).toContain('prefers-reduced-motion')
})

test('every picture of the README is there, and has a text for those who do not see it', () => {
  const pictures = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)]
  expect(pictures.length).toBeGreaterThan(0)
  for (const [, text = '', file = ''] of pictures) {
    expect(text.length).toBeGreaterThan(10)
    expect(existsSync(path.join(root, file)), file).toBe(true)
  }
})

test('the README says the bounds in which the demo is less strict, and what a write waits at most', () => {
  const { demo, default: usual } = GATE_PROFILES
  const text = readme.replaceAll(/\s+/g, ' ')
  expect(text).toContain(`${demo.proxyP99Ms} ms in the proxy instead of ${usual.proxyP99Ms}`)
  expect(text).toContain(`a service ${demo.latencyFactor} times as slow instead of ${usual.latencyFactor}`)
  expect(text).toContain(
    `${demo.netMismatch * 100} % of the answers different instead of ${usual.netMismatch * 100} %`,
  )
  expect(text).toContain(`${demo.canarySteps[0]} % of the users instead of ${usual.canarySteps[0]} %`)
  const { hold } = checkConfig({ sides: { monolith: 'http://127.0.0.1:1' } })
  expect(hold.maxWaitMs).toBe(5_000)
  expect(text).toContain('No write waits for more than five seconds')
  expect(text).toContain('four seconds at most, or it is undone')
})
