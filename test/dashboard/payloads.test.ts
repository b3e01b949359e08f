import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, openPage, program, signIn } from './browser.ts'
import { findViolations } from './find-violations.ts'
import { PAYLOAD } from './sides.ts'
import { type DashboardStand, READ, startStand } from './stand.ts'

// No blank and no colon: a path template would read them.
const IN_A_NAME = '<svg/onload=window.hacked=1>'
const IN_A_HEADER = `<img src=x onerror="window.hacked=2">; rel=next`
const MANY = 500

describe.skipIf(program === undefined)('what others have stored', () => {
  let stand: DashboardStand
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    stand = await startStand({
      isBugged: true,
      traffic: true,
      links: { monolith: IN_A_HEADER, service: `${IN_A_HEADER}, </other>` },
      capabilities: {
        inventory: { endpoints: [READ, 'GET /api/stock', 'POST /api/stock/:id'] },
        many: {
          service: 'inventory',
          endpoints: [
            `GET /many/${IN_A_NAME}`,
            ...Array.from({ length: MANY - 1 }, (_, index) => `GET /many/endpoint-${index}` as const),
          ],
        },
      },
    })
    browser = await openBrowser()
    const { version } = await stand.admin.routes()
    await stand.admin.setRoute({
      ...{ endpoint: READ, mode: 'shadow', expectedVersion: version, because: PAYLOAD },
    })
    await stand.fillJournal(10_000)
    const opened = await openPage(browser, stand.url)
    page = opened.page
    complaints = opened.complaints
    await signIn(page, stand.tokens.operator)
    complaints.length = 0
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await stand?.stop()
  })

  const isUnharmed = async () => {
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('main img[src=x], main svg[onload], main script').count()).toBe(0)
    expect(complaints).toEqual([])
  }

  it('would not be taken for HTML even where the page was careless', { timeout: 60_000 }, async () => {
    await expect(page.evaluate(`document.body.innerHTML = ${JSON.stringify(PAYLOAD)}`)).rejects.toThrow(
      'TrustedHTML',
    )
    complaints.length = 0
    expect(await page.evaluate('window.hacked')).toBeUndefined()
  })

  it('stays text: in the name of an endpoint, and in the reason of a decision', {
    timeout: 60_000,
  }, async () => {
    await page.goto(`${stand.url}#/routes`)
    await page.getByLabel('Find').fill('<svg')
    await page.getByText(`/many/${IN_A_NAME}`).first().waitFor()
    await page.getByLabel('Find').fill('stock')
    await page.getByText(PAYLOAD).first().waitFor()
    await page.goto(`${stand.url}#/journal?text=${encodeURIComponent('onerror')}`)
    await page.getByText(PAYLOAD).first().waitFor()
    await isUnharmed()
  })

  it('stays text: in a row, in a header, and in a sample of a difference', { timeout: 90_000 }, async () => {
    const isPayload = ({ path, primary }: { path: string; primary?: string | undefined }) =>
      path === '$.note' && primary?.includes('onerror') === true
    const strange = `/api/stock/7?q=${encodeURIComponent(PAYLOAD)}`
    await expect
      .poll(
        async () => {
          await fetch(stand.proxyUrl + strange, { headers: { 'x-strange': PAYLOAD } })
          const { samples } = await stand.admin.compareSamples({
            capability: 'inventory',
            limit: 500,
            all: 'true',
          })
          return samples.find(({ differences }) => differences.some(isPayload))?.id
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBeDefined()
    await page.goto(`${stand.url}#/compare/inventory?path=${encodeURIComponent('$.note')}`)
    const { samples } = await stand.admin.compareSamples({ capability: 'inventory', limit: 500, all: 'true' })
    const id = samples.find(({ differences }) => differences.some(isPayload))?.id ?? ''
    await page.getByLabel('Exchange').selectOption(id)
    await expect
      .poll(async () => (await page.locator('.answer-text').allTextContents()).join())
      .toContain('<script>')
    const lines = page.locator('.answer-text .line')
    const headers = lines.filter({ hasText: `link: ${IN_A_HEADER}` })
    expect(await headers.count()).toBe(2)
    expect(await headers.filter({ hasText: '≠' }).count()).toBe(2)
    // In the table of what differs the value stands as well.
    await page
      .getByRole('row')
      .filter({ hasText: 'header:link' })
      .getByText('<img src=x onerror=')
      .first()
      .waitFor()
    await isUnharmed()
  })

  it('does not slow the pages down: 500 endpoints and 10,000 lines of the journal are paged', {
    timeout: 60_000,
  }, async () => {
    await page.goto(`${stand.url}#/routes`)
    await page.getByText(`of ${MANY + 3}`).waitFor()
    expect(await page.getByRole('rowheader').count()).toBe(50)
    const begun = Date.now()
    await page.getByLabel('Find').fill('endpoint-498')
    await page.getByText('1–1 of 1').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).isEnabled()
    // A page that renders all of them anew with every key takes seconds.
    expect(Date.now() - begun).toBeLessThan(3_000)
    await page.goto(`${stand.url}#/journal`)
    const lines = page.locator('.journal > li')
    await lines.first().waitFor()
    expect(await lines.count()).toBe(50)
    const first = await lines.first().locator('.journal-version').textContent()
    for (let turned = 0; turned < 3; turned += 1) {
      await page.getByRole('button', { name: 'Next' }).click()
      await page.getByText(`${(turned + 1) * 50 + 1}–`).waitFor()
    }
    expect(await lines.first().locator('.journal-version').textContent()).toBe(String(Number(first) - 150))
    await page.getByLabel('Find').fill('line 4242')
    await expect.poll(() => lines.count()).toBe(1)
    await lines.first().click()
    await page.getByText('"mode":"monolith"').first().waitFor()
    expect(await findViolations(page)).toEqual([])
  })
})
