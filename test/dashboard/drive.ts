import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const MOST_TURNS = 5

interface Manner {
  /** He waits until every gate of a step is open; otherwise those that are shut are passed, with a reason. */
  readonly isPatient?: boolean
}

/** What an operator does at a page, as often as a test wants it. */
export function drive(page: Page, { isPatient = false }: Manner = {}) {
  const confirm = async (button: string, because?: string) => {
    const dialog = page.getByRole('dialog')
    if (because !== undefined) await dialog.getByLabel('Why').fill(because)
    await dialog.getByRole('button', { name: button, exact: true }).click()
    // Of a cut-over it is closed when that is over, which a busy machine takes its time for.
    await dialog.waitFor({ state: 'detached', timeout: 60_000 })
  }
  /** A gate may close between the look and the step, under real traffic: whoever is told so looks again. */
  const confirmOrLeave = async (button: string): Promise<string> => {
    const dialog = page.getByRole('dialog')
    const problem = dialog.getByRole('alert')
    await dialog.getByLabel('Why').fill(isPatient ? 'every gate is open' : 'a test has no ten minutes')
    await dialog.getByRole('button', { name: button, exact: true }).click()
    await expect
      .poll(async () => (await dialog.count()) === 0 || problem.isVisible(), { timeout: 40_000 })
      .toBe(true)
    if ((await dialog.count()) === 0) return ''
    const said = (await problem.textContent()) ?? 'refused'
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
    return said
  }
  const isReady = async (take: Locator) => {
    if (isPatient || (await take.isEnabled())) return take.isEnabled()
    const gates = page.getByRole('group', { name: 'The journal keeps what they said' })
    if (!(await gates.isVisible())) await page.getByText('Pass gates that are not open').click()
    for (const box of await gates.getByRole('checkbox').all()) await box.check({ timeout: 2_000 })
    return take.isEnabled()
  }
  return {
    confirm,
    choose: (endpoint: string, mode: string) =>
      page.getByRole('combobox', { name: `Send ${endpoint} to` }).selectOption(mode),
    /** Takes the next step. */
    async step(button = 'Take the step') {
      const take = page.getByRole('button', { name: `${button} …` })
      const title = page.getByRole('heading', { name: /^Next: |^Every step/ })
      await take.waitFor()
      const before = await title.textContent()
      let refused = ''
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        await expect.poll(() => isReady(take), { timeout: isPatient ? 240_000 : 20_000 }).toBe(true)
        await take.click()
        refused = await confirmOrLeave(button)
        if (refused === '') break
      }
      expect(refused).toBe('')
      await expect.poll(() => title.textContent(), { timeout: 20_000 }).not.toBe(before)
    },
    standsAt: (text: RegExp) =>
      page.locator('[aria-current=step]').filter({ hasText: text }).waitFor({ timeout: 30_000 }),
  }
}
