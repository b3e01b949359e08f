import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, openPage, program, signIn, type WatchedPage } from './browser.ts'
import { drive } from './drive.ts'
import { type DashboardStand, LIST, READ, startStand } from './stand.ts'

describe.skipIf(program === undefined)('a migration in two browsers', () => {
  let stand: DashboardStand
  let browser: Browser
  let page: Page
  let watcher: Page
  let watched: WatchedPage[]

  beforeAll(async () => {
    stand = await startStand({ traffic: true, isBugged: true })
    browser = await openBrowser()
    watched = [await openPage(browser, stand.url), await openPage(browser, stand.url)]
    ;[page, watcher] = watched.map((one) => one.page) as [Page, Page]
    await signIn(page, stand.tokens.operator, 'anna')
    await signIn(watcher, stand.tokens.viewer, 'bert')
    // Both began as strangers: that was the 401.
    for (const { complaints } of watched) complaints.length = 0
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await stand?.stop()
  })

  const goTo = (name: string, on = page) => on.getByRole('link', { name, exact: true }).first().click()
  const confirm = (button: string, because?: string) => drive(page).confirm(button, because)
  const choose = (endpoint: string, mode: string) => drive(page).choose(endpoint, mode)
  const step = (button?: string) => drive(page).step(button)
  const standsAt = (text: RegExp, on = page) => drive(on).standsAt(text)

  it('toggles an endpoint, and both see the traffic move', { timeout: 60_000 }, async () => {
    await goTo('Routes')
    await choose(LIST, 'service')
    await page.getByRole('dialog').getByText('Every request of it is answered by the service.').waitFor()
    await page.getByRole('dialog').getByText('One toggle back to monolith').waitFor()
    await confirm('Toggle', 'to see it move')
    // The viewer's browser was not touched; its plot says it in words.
    const served = watcher.getByRole('figure').filter({ hasText: 'Requests / s' }).locator('strong').last()
    await expect.poll(async () => Number(await served.textContent()), { timeout: 30_000 }).toBeGreaterThan(0)
    await goTo('Routes', watcher)
    const row = watcher.getByRole('row').filter({ has: watcher.getByText(LIST, { exact: true }) })
    await row.getByText('anna: to see it move').waitFor()
    expect(await row.getByRole('combobox').isDisabled()).toBe(true)
    await goTo('Journal', watcher)
    await watcher.getByText(`${LIST} goes to service`).click()
    await watcher.getByText('"mode":"service"').waitFor()
  })

  it('is told the reason of a refusal, and what mends it', { timeout: 60_000 }, async () => {
    await choose(READ, 'service')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Toggle' }).click()
    await dialog.getByText('STRANGLER_TOGGLE_REFUSED').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  it('marks an endpoint as rare, and takes the mark back', { timeout: 60_000 }, async () => {
    await page.goto(`${stand.url}#/capability/inventory`)
    const row = page.getByRole('row').filter({ has: page.getByText(READ, { exact: true }) })
    const marked = row.getByText('marked as rare')
    await row.getByRole('button', { name: 'Mark as rare' }).click()
    await confirm('Mark it', 'only the stocktaking')
    await marked.waitFor()
    await row.getByRole('button', { name: 'Take the mark back' }).click()
    await confirm('Take it back', 'the shop uses it now')
    await marked.waitFor({ state: 'detached' })
    await goTo('Routes')
  })

  it('is told what another did meanwhile, and decides again', { timeout: 60_000 }, async () => {
    await choose(LIST, 'canary')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Share of the users').fill('25')
    const { version } = await stand.admin.routes()
    await stand.admin.setRoute({ endpoint: LIST, mode: 'monolith', expectedVersion: version, as: 'carl' })
    await dialog.getByRole('button', { name: 'Toggle', exact: true }).click()
    await dialog.getByText('operator:carl').first().waitFor()
    await dialog.getByRole('button', { name: 'Do it all the same' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('canary 25 %').first().waitFor()
    await choose(LIST, 'clear')
    await confirm('Give it back')
  })

  it('takes inventory to the shadow stage, with the data copied and the same', {
    timeout: 120_000,
  }, async () => {
    await goTo('Overview', watcher)
    await page.goto(`${stand.url}#/capability/inventory`)
    for (let taken = 0; taken < 4; taken += 1) await step()
    await standsAt(/^sync/)
    await page.goto(`${stand.url}#/data/inventory`)
    await page.getByText('60 rows').first().waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Compare all rows …' }).click()
    await confirm('Compare them')
    await page.getByText('the same', { exact: true }).waitFor({ timeout: 30_000 })
    await page.getByLabel('Key').fill('7')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('rowheader', { name: 'quantity' }).waitFor()
    await page.goto(`${stand.url}#/capability/inventory`)
    await step()
    await standsAt(/^shadow/)
    await standsAt(/^shadow/, watcher)
  })

  it('outlives a restart of the kit: the pages find back by themselves, still signed in', {
    timeout: 60_000,
  }, async () => {
    await stand.restart(async () => {
      await page.getByText('reconnecting').waitFor()
      // What was known is still to be seen.
      await standsAt(/^shadow/)
    })
    for (const one of [page, watcher])
      await one.getByText('live', { exact: true }).waitFor({ timeout: 30_000 })
    await standsAt(/^shadow/, watcher)
  })

  it('finds the planted bug, looks at it side by side, and accepts it', { timeout: 90_000 }, async () => {
    await page.goto(`${stand.url}#/compare/inventory`)
    const line = page.getByRole('listitem').filter({ hasText: '$.available' })
    await line.getByText('real', { exact: true }).waitFor({ timeout: 60_000 })
    await line.getByRole('link', { name: 'Samples' }).click()
    const marked = page.locator('.line.marked')
    await marked.first().waitFor()
    expect((await marked.allTextContents()).map((text) => text.trim()).sort()).toEqual([
      '≠   "available": 1',
      '≠   "available": 999',
    ])
    await page.getByRole('button', { name: 'Replay' }).click()
    await expect.poll(() => marked.count(), { timeout: 20_000 }).toBe(4)
    await line.getByRole('button', { name: 'Accept …' }).click()
    await page.getByRole('dialog').getByLabel('Who answers for it').fill('anna')
    await confirm('Accept it', 'the shop never shows it')
    await line.first().getByText('accepted', { exact: true }).waitFor({ timeout: 20_000 })
    await page.getByText('anna: the shop never shows it').waitFor()
  })

  it('takes inventory through the canary to owned and back, and the watcher sees it', {
    timeout: 180_000,
  }, async () => {
    await page.goto(`${stand.url}#/capability/inventory`)
    for (const percent of [1, 5, 25, 50, 100]) {
      await step()
      await standsAt(new RegExp(`^canary ${percent} %`))
    }
    await page.getByRole('figure').filter({ hasText: 'Share of the reads' }).getByText('100 %').waitFor()
    await page.getByRole('button', { name: 'Rehearse the cut-over' }).click()
    await page.getByText('Writes would wait about', { exact: false }).first().waitFor()
    await step('Cut over')
    await standsAt(/^owned/)
    await page.getByText('owned by the service').waitFor()
    await page.getByText('Going back is a cut-over', { exact: true }).waitFor()
    await standsAt(/^owned/, watcher)
    await page.getByRole('button', { name: /^Back to shadow/ }).click()
    await confirm('Go back', 'the test is over')
    await page.getByText('owned by the monolith').waitFor({ timeout: 60_000 })
    await standsAt(/^shadow/)
    await watcher.getByText('owned by the monolith').first().waitFor()
    // Refused commands, and a kit that was away: a browser says each of them in its console.
    const said = watched.flatMap(({ complaints }) => complaints)
    expect(said.filter((one) => !/ 409 |ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY/.test(one))).toEqual(
      [],
    )
  })
})
