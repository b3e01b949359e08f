import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GATE_PROFILES, type GateProfile } from '../../strangler/guide/gate-profile.ts'
import { STEPS } from '../../strangler/guide/plan.ts'
import { showCount, showDuration, showShare } from '../../strangler/guide/show.ts'
import { findLongHold } from './page-commands.ts'

const folder = join(import.meta.dirname, '../../docs/guide')
const nameOf = (index: number) => `${index + 1}-${STEPS[index]?.id}.md`
const read = (name: string) => readFile(join(folder, name), 'utf8')

test('every step has its page, and every numbered page its step', async () => {
  const pages = (await readdir(folder)).filter((name) => /^\d/.test(name)).sort()
  expect(pages).toEqual(STEPS.map((_step, index) => nameOf(index)))
})

test.each(STEPS.map((step, index) => [step.id, step, index] as const))(
  'the page of %s says why, names its command and every gate, and how to go back',
  async (_id, { title, why, gates, command }, index) => {
    const page = await read(nameOf(index))
    expect(page).toMatch(new RegExp(`^# ${index + 1}\\. ${title}\n`))
    expect(page).toContain(why)
    const action = command('inventory').split(' ').at(-1)
    expect(page).toContain(`npx strangler migrate inventory ${action}`)
    const named = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, gate]) => gate)
    expect(named).toEqual(gates.map(({ id }) => id))
    for (const heading of ['What you will see', 'What to do', 'What can go wrong', 'How to go back'])
      expect(page).toContain(`\n## ${heading}\n`)
  },
)

test('no page shows a hold as only a busy machine has it', async () => {
  for (const name of await readdir(folder)) expect(findLongHold(await read(name)), name).toBeUndefined()
})

test('the overview has every step with its stage and command', async () => {
  const overview = await read('README.md')
  STEPS.forEach(({ title, stage, command }, index) => {
    expect(overview).toContain(
      `| [${index + 1}. ${title}](${nameOf(index)}) | ${stage} | \`npx ${command('inventory')}\` |`,
    )
  })
})

/** What the overview says of a profile, by its rows; each names the numbers that it shows. */
const ROWS: readonly (readonly [(keyof GateProfile)[], (profile: GateProfile) => string])[] = [
  [['proxyP99Ms'], ({ proxyP99Ms }) => showDuration(proxyP99Ms)],
  [
    ['observedRequests', 'observedMs'],
    ({ observedRequests, observedMs }) => `${showCount(observedRequests)} or ${showDuration(observedMs)}`,
  ],
  [['netMismatch'], ({ netMismatch }) => `at most ${showShare(netMismatch)}`],
  [['comparisonsPerEndpoint'], ({ comparisonsPerEndpoint }) => String(comparisonsPerEndpoint)],
  [['latencyFactor'], ({ latencyFactor }) => `${latencyFactor} times`],
  [['canarySteps'], ({ canarySteps }) => `${canarySteps.join(', ')} %`],
  [
    ['canaryIntervalMs', 'canaryRequests'],
    ({ canaryIntervalMs, canaryRequests }) => `${showDuration(canaryIntervalMs)}, ${canaryRequests}`,
  ],
  [['lagWindowMs'], ({ lagWindowMs }) => showDuration(lagWindowMs)],
  [['readsSoakMs'], ({ readsSoakMs }) => showDuration(readsSoakMs)],
  [['logWindowMs'], ({ logWindowMs }) => showDuration(logWindowMs)],
  [['soakMs'], ({ soakMs }) => showDuration(soakMs)],
]

test('the overview has every number in which the two profiles are not the same', async () => {
  const [, table = ''] = /## The two profiles\n([\s\S]*?)\n## /.exec(await read('README.md')) ?? []
  const { default: usual, demo } = GATE_PROFILES
  const shown = [...table.matchAll(/^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm)].slice(1)
  expect(shown.map(([, first, second]) => [first, second])).toEqual(
    ROWS.map(([, show]) => [show(usual), show(demo)]),
  )
  const names = Object.keys(usual) as (keyof GateProfile)[]
  const others = names.filter((name) => JSON.stringify(usual[name]) !== JSON.stringify(demo[name]))
  expect(others.filter((name) => name !== 'name').sort()).toEqual(ROWS.flatMap(([named]) => named).sort())
})
