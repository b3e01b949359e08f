import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, openPage, program, signIn } from './browser.ts'
import { type DashboardStand, startStand } from './stand.ts'

describe.skipIf(program === undefined)('signing in, in a real browser', () => {
  let stand: DashboardStand
  let browser: Browser

  beforeAll(async () => {
    stand = await startStand({ traffic: true })
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await stand?.stop()
  })

  it('shows a stranger nothing, tells a wrong token why, and takes the right one', {
    timeout: 60_000,
  }, async () => {
    const { page, complaints } = await openPage(browser, stand.url)
    await page.getByLabel('Token').fill('a-wrong-token-that-nobody-has')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The token is not one of this kit’s.').waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    await signIn(page, stand.tokens.operator)
    await page.getByRole('heading', { name: 'inventory' }).waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    // 401 twice: before anybody was signed in, and for the wrong token.
    expect(complaints.filter((one) => !one.includes('401'))).toEqual([])
    await page.reload()
    await page.getByRole('heading', { name: 'inventory' }).waitFor()
    await page.screenshot({ path: '/tmp/dash-overview.png', fullPage: true })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.context().close()
  })
})
