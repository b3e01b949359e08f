import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, openPage, program, signIn } from './browser.ts'
import { type DashboardStand, LIST, startStand } from './stand.ts'

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
    // Who sits at a browser has no variable of a terminal to set.
    const said = (await page.getByRole('alert').textContent()) ?? ''
    expect(said).toMatch(/tokens\.json.*STRANGLER_OPERATOR_TOKEN/)
    expect(said).not.toContain('Set STRANGLER_TOKEN')
    expect(await page.getByRole('navigation').count()).toBe(0)
    await signIn(page, stand.tokens.operator)
    await page.getByRole('heading', { name: 'inventory' }).waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    // 401 twice: before anybody was signed in, and for the wrong token.
    expect(complaints.filter((one) => !one.includes('401'))).toEqual([])
    await page.reload()
    await page.getByRole('heading', { name: 'inventory' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.context().close()
  })

  it('cannot be begun in a frame of another page', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    const foreign = createServer((_req, res) => {
      res.setHeader('content-type', 'text/html')
      res.end(`<iframe src="${stand.url}"></iframe>`)
    }).listen(0, '127.0.0.1')
    await once(foreign, 'listening')
    const refusals: string[] = []
    page.on('console', (message) => void refusals.push(message.text()))
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`)
    await expect.poll(() => refusals.join()).toContain('frame-ancestors')
    expect(await page.frames()[1]?.getByLabel('Token').count()).toBe(0)
    await page.close()
    foreign.closeAllConnections()
    foreign.close()
  })

  it('leads to pages that wait, fail and recover each for itself', { timeout: 60_000 }, async () => {
    const { page } = await openPage(browser, stand.url)
    await signIn(page, stand.tokens.viewer)
    let answer: 'none' | 'failure' | 'real' = 'none'
    await page.route('**/dashboard/api/history**', async (route) => {
      if (answer === 'real') return route.continue()
      const problem = { status: 503, title: '', code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' }
      const body = JSON.stringify({ ...problem, detail: 'It does not answer.', fix: 'Start the database.' })
      if (answer === 'failure') await route.fulfill({ status: 503, contentType: 'application/json', body })
    })
    await page.goto(`${stand.url}#/journal`)
    await page.getByText('Waiting for the journal').waitFor()
    // What the slow answer concerns waits; the rest of the dashboard does not.
    await page.getByRole('link', { name: 'Routes', exact: true }).click()
    await page.getByRole('rowheader').first().waitFor()
    answer = 'failure'
    await page.getByRole('link', { name: 'Journal', exact: true }).click()
    await page.getByText('It does not answer.').waitFor()
    await page.getByText('Start the database.').waitFor()
    answer = 'real'
    await page.getByLabel('Find').fill('nobody has decided this')
    await page.getByText('No decision is like that').waitFor()
    await page.context().close()
  })

  it('and all that follows can be done without a mouse', { timeout: 60_000 }, async () => {
    const { page } = await openPage(browser, stand.url)
    await page.getByLabel('Token').focus()
    await page.keyboard.type(stand.tokens.operator)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Tab')
    await expect.poll(() => focused(page)).toContain('Skip to the content')
    await page.getByRole('link', { name: 'Routes', exact: true }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe('main')
    const toggle = page.getByRole('combobox', { name: `Send ${LIST} to` })
    await toggle.focus()
    await page.keyboard.press('s')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('What will happen').waitFor()
    // What is behind the dialog cannot be reached.
    for (let turn = 0; turn < 6; turn += 1) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement?.closest("main") === null')).toBe(true)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toContain('monolith')
    await page.context().close()
  })
})

const focused = (page: Page) => page.evaluate('document.activeElement?.textContent ?? ""')
