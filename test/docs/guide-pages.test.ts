import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { STEPS } from '../../strangler/guide/plan.ts'

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

test('the overview has every step with its stage and command', async () => {
  const overview = await read('README.md')
  STEPS.forEach(({ title, stage, command }, index) => {
    expect(overview).toContain(
      `| [${index + 1}. ${title}](${nameOf(index)}) | ${stage} | \`npx ${command('inventory')}\` |`,
    )
  })
})
