import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { STEPS } from '../../strangler/guide/plan.ts'
import { runMain } from '../cli/run-strangler.ts'
import { type DemoStand, startDemoStand } from './demo-stand.ts'
import { findDifference, findLongHold, maskOutput, readSteps, toArguments } from './page-commands.ts'

/** Writes what was found into the pages, instead of comparing. */
const isUpdating = process.env['STRANGLER_UPDATE_PAGES'] !== undefined
const PAGE_MS = 400_000
const COMMAND_MS = 150_000
const folder = join(import.meta.dirname, '../../docs/guide')
const home = process.cwd()
let stand: DemoStand

beforeAll(async () => {
  stand = await startDemoStand()
  // What the commands write, they write where one stands.
  process.chdir(stand.directory)
}, PAGE_MS)
afterAll(async () => {
  process.chdir(home)
  await stand?.stop()
}, PAGE_MS)

interface Done {
  readonly code: number | null
  readonly output: string
}

async function runOnce(line: string): Promise<Done> {
  const placed = Object.entries(stand.addresses).reduce(
    (text, [named, here]) => text.replaceAll(named, here),
    line.replaceAll('.strangler/', `${stand.directory}/`),
  )
  if (placed.startsWith('npx strangler ')) {
    const env = { STRANGLER_DIRECTORY: stand.directory, USER: 'ana' }
    const { code, stdout, stderr } = await runMain(toArguments(placed).slice(2), env, 'npx strangler')
    return { code, output: stdout + stderr }
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', placed], { encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

/** Questions may be asked again; a decision that was taken was taken. */
const QUESTION =
  /^npx strangler (guide inventory|doctor|sync status|compare report|migrate inventory status|.*--dry-run)/

/** As the pages say: what is refused is repeated later. @returns why its output is not what the page shows, after all that time */
async function runUntil(
  line: string,
  isShown: (output: string) => string | undefined,
): Promise<string | undefined> {
  let wrong: string | undefined
  for (const deadline = Date.now() + COMMAND_MS; Date.now() < deadline; await delay(500)) {
    const { code, output } = await runOnce(line)
    wrong = isShown(output)
    const mayRepeat = code !== 0 || QUESTION.test(line)
    if ((code === 0 || QUESTION.test(line)) && wrong === undefined) return undefined
    if (!mayRepeat) return `${line}: ${wrong}\n${output}`
    wrong = `${line} ends with ${code}: ${wrong ?? ''}\n${output}`
  }
  return wrong ?? `${line} did not end well`
}

test.each(STEPS.map(({ id }, index) => `${index + 1}-${id}.md`))(
  'the commands of %s do on the sample shop what the page shows',
  async (name) => {
    const file = join(folder, name)
    let page = await readFile(file, 'utf8')
    const steps = readSteps(page)
    expect(steps.length).toBeGreaterThan(0)
    for (const [index, { commands, shown }] of steps.entries()) {
      let before = ''
      for (const [place, line] of commands.entries()) {
        const isLast = place === commands.length - 1
        let output = ''
        const wrong = await runUntil(line, (found) => {
          output = found
          if (!isLast || shown === undefined) return undefined
          return isUpdating ? undefined : findDifference(shown, before + found)
        })
        expect(wrong).toBeUndefined()
        before += output
      }
      if (isUpdating && shown !== undefined) page = withOutput(page, index, before)
    }
    if (!isUpdating) return
    const long = findLongHold(page)
    if (long !== undefined) throw new Error(`docs/guide/${name}: ${long}`)
    await writeFile(file, page)
  },
  PAGE_MS,
)

function withOutput(page: string, index: number, output: string): string {
  const at = readSteps(page)[index]?.at
  if (at === undefined) throw new Error('There is no place for it.')
  const there = Object.entries(stand.addresses).reduce(
    (text, [named, here]) => text.replaceAll(here, named),
    output,
  )
  return page.slice(0, at.from) + there.trimEnd().concat('\n') + page.slice(at.to)
}

test('a page that shows a hold of more than a second is not written', () => {
  const page = (ms: string) => `Writes would be held for about ${ms} ms: fence 96 ms.\n`
  expect(findLongHold(page('412'))).toBeUndefined()
  expect(findLongHold(page('412') + page('1004'))).toContain('"held for about 1004 ms"')
  expect(findLongHold('The ownership has moved; writes were held for 2,962 ms.')).toContain('2,962 ms')
})

test('an output of another shape is told from one with other numbers', () => {
  const shown =
    '✓ lag-low: at most 806 ms behind, over 3.7 s.\n…\ninventory is at step shadow now (version 12).\n'
  const good =
    '✓ lag-low: at most 1.2 s behind, over 3 s.\n✓ other\ninventory is at step shadow now (version 9).\n'
  expect(findDifference(shown, good)).toBeUndefined()
  expect(findDifference(shown, good.replace('✓ lag', '✗ lag'))).toContain('the page has "✓ lag-low')
  expect(findDifference(shown, good.replace('shadow', 'sync'))).toContain('step shadow')
  // What a busy machine adds is no other shape.
  const busy =
    'Before that 2 holds were undone and tried again (650 ms, 702 ms), so that no write waited for long\n'
  expect(findDifference(shown, good + busy)).toBeUndefined()
  const gaveWay = (text: string) => `${text} 3 more exchanges gave way to clients, drawn by lot.`
  expect(findDifference('✓ coverage: 4 of 4.', gaveWay('✓ coverage: 9 of 9.'))).toBeUndefined()
  expect(findDifference(shown, `${good}and more\n`)).toContain('and here is "and more"')
  expect(maskOutput('a 1,234 b\n\n')).toEqual(['a <n> b'])
  expect(maskOutput('seen 1 time')).toEqual(maskOutput('seen 3 times'))
})
