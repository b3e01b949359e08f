import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoStand, startDemoStand } from '../docs/demo-stand.ts'
import { openBrowser, openPage, program, signIn } from './browser.ts'
import { drive } from './drive.ts'
import { keepReadmePicture, keepsPictures } from './keep-picture.ts'

const READ = 'GET /api/inventory/:sku'
/** The demo's own shoppers ask for what there is; a bug at what is not there wants somebody who does. */
const UNKNOWN_SKUS = 40

/** How far above the picture's lower edge the service's line comes in the first plot: pixels of its colour. */
const HEIGHT_OF_SERVICE = `(() => {
  const figure = [...document.querySelectorAll('figure')].find((one) => one.textContent.includes('Requests / s'))
  const wanted = getComputedStyle(figure.querySelector('.plot-key.service')).borderTopColor.match(/\\d+/g).map(Number)
  const { width, height } = figure.querySelector('canvas')
  const { data } = figure.querySelector('canvas').getContext('2d').getImageData(0, 0, width, height)
  const isIt = (at) => wanted.every((value, part) => Math.abs(data[at + part] - value) < 8) && data[at + 3] > 200
  for (let pixel = 0; pixel < width * height; pixel++) if (isIt(pixel * 4)) return height - Math.floor(pixel / width)
  return 0
})()`

describe.skipIf(program === undefined)('the demo, in a browser', () => {
  let demo: DemoStand
  let browser: Browser
  let page: Page
  /** Of another operator, in a browser of his own. */
  let other: Page

  beforeAll(async () => {
    demo = await startDemoStand(['--planted'])
    const { url } = await readJson('admin.json')
    const { operator } = await readJson('tokens.json')
    browser = await openBrowser()
    const open = async (name: string) => {
      const opened = await openPage(browser, `${url}/dashboard/`)
      await signIn(opened.page, String(operator), name)
      return opened.page
    }
    page = await open('anna')
    other = await open('bert')
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })

  const readJson = async (name: string) =>
    JSON.parse(await readFile(join(demo.directory, name), 'utf8')) as Record<string, unknown>
  const shop = () => demo.addresses['http://127.0.0.1:8080'] ?? ''
  const at = async (hash: string, on = page) => {
    await on.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  }
  const capability = '#/capability/inventory'
  const lastOf = (side: Locator) => async () => Number(await side.textContent())

  it('takes the inventory to the shadow stage under the shoppers’ traffic', {
    timeout: 120_000,
  }, async () => {
    await at(capability)
    const { step, standsAt, confirm } = drive(page)
    for (let taken = 0; taken < 4; taken += 1) await step()
    await standsAt(/^sync/)
    await at('#/data/inventory')
    await page.getByText('done', { exact: true }).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Compare all rows …' }).click()
    await confirm('Compare them')
    await page.getByText('the same', { exact: true }).waitFor({ timeout: 60_000 })
    await at(capability)
    await step()
    await standsAt(/^shadow/)
    // Nobody has touched the other one: it is told.
    await drive(other).standsAt(/^shadow/)
  })

  it('finds the bug that was planted in the service, side by side, and accepts it', {
    timeout: 120_000,
  }, async () => {
    let asked = 0
    const askForUnknown = async () => {
      for (let turn = 0; turn < UNKNOWN_SKUS; turn += 1)
        await (await fetch(`${shop()}/api/inventory/NO-SUCH-SKU-${asked++ % 7}`)).arrayBuffer()
    }
    await at('#/compare/inventory')
    const line = page.getByRole('listitem').filter({ hasText: '$.code' }).filter({ hasText: READ }).first()
    await expect
      .poll(
        async () => {
          await askForUnknown()
          return line.getByText('real', { exact: true }).isVisible()
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(true)
    await line.getByRole('link', { name: 'Samples' }).click()
    const marked = page.locator('.line.marked')
    await marked.first().waitFor()
    expect((await marked.allTextContents()).join()).toContain('"code":')
    await line.getByRole('button', { name: 'Accept …' }).click()
    await page.getByRole('dialog').getByLabel('Who answers for it').fill('anna')
    await drive(page).confirm('Accept it', 'nobody reads it')
    await line.getByText('accepted', { exact: true }).waitFor({ timeout: 20_000 })
  })

  it('goes on where it was when everything is killed and started anew: both find back, still signed in', {
    timeout: 120_000,
  }, async () => {
    const whereIsIt = async () => ({ shop: shop(), admin: (await readJson('admin.json'))['url'] })
    const before = await whereIsIt()
    const accepted = page.getByText('anna: nobody reads it')
    await demo.restart(async () => {
      for (const one of [page, other]) await one.getByText('reconnecting').waitFor()
      // What was known is still to be seen.
      await accepted.waitFor()
      await drive(other).standsAt(/^shadow/)
    })
    expect(await whereIsIt()).toEqual(before)
    for (const one of [page, other]) await one.getByText('live', { exact: true }).waitFor({ timeout: 30_000 })
    await drive(other).standsAt(/^shadow/)
    await accepted.waitFor()
    await expect.poll(async () => (await fetch(`${shop()}/api/inventory`)).status).toBe(200)
  })

  it('toggles an endpoint, and the plots of both browsers show the shoppers go to the service', {
    timeout: 90_000,
  }, async () => {
    const served = servedIn(page)
    for (const one of [page, other]) await at('#/overview', one)
    await expect.poll(lastOf(served), { timeout: 20_000 }).toBe(0)
    // The kit has just begun anew: a line needs two points.
    await expect.poll(() => page.evaluate(HEIGHT_OF_SERVICE), { timeout: 20_000 }).toBeGreaterThan(0)
    const flat = Number(await page.evaluate(HEIGHT_OF_SERVICE))
    await at('#/routes', other)
    await drive(other).choose(READ, 'shadow')
    await at('#/routes')
    const { choose, confirm } = drive(page)
    await choose(READ, 'service')
    await confirm('Toggle', 'to see it move')
    await isToldWhoWasFaster(other)
    await at('#/overview')
    await expect.poll(lastOf(served), { timeout: 60_000 }).toBeGreaterThan(0)
    await expect.poll(() => page.evaluate(HEIGHT_OF_SERVICE), { timeout: 60_000 }).toBeGreaterThan(flat + 3)
    await at('#/overview', other)
    await expect.poll(lastOf(servedIn(other)), { timeout: 20_000 }).toBeGreaterThan(0)
    await at('#/routes')
    await choose(READ, 'clear')
    await confirm('Give it back')
  })

  const servedIn = (on: Page) =>
    on.getByRole('figure').filter({ hasText: 'Requests / s' }).locator('strong').last()

  /** He decides on what was so when he opened the dialog, and lets it be. */
  async function isToldWhoWasFaster(on: Page): Promise<void> {
    const dialog = on.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Toggle', exact: true }).click()
    await dialog.getByText('operator:anna').first().waitFor()
    await dialog.getByRole('button', { name: 'Do it all the same' }).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
    const row = on.getByRole('row').filter({ has: on.getByText(READ, { exact: true }) })
    await row.getByText('anna: to see it move').waitFor()
  }

  it('takes the inventory to owned and back, while the shoppers buy', { timeout: 180_000 }, async () => {
    await at(capability)
    const { step, standsAt, confirm } = drive(page)
    for (let taken = 0; taken < 8 && !(await isNext('Cut over')); taken += 1) await step()
    // As docs/guide/ has it: the shop's own team lets its orders take stock through the endpoints.
    process.kill(Number(await readFile(join(demo.directory, 'monolith.pid'), 'utf8')), 'SIGUSR2')
    await page.getByRole('button', { name: 'Rehearse the cut-over' }).click()
    await page.getByText('Writes would wait about', { exact: false }).first().waitFor({ timeout: 60_000 })
    await step('Cut over')
    await standsAt(/^owned/)
    await page.getByText('owned by the service').waitFor()
    await other.getByText('owned by the service').first().waitFor()
    if (keepsPictures) {
      await other.getByText('service 100 %').first().waitFor({ timeout: 60_000 })
      await keepReadmePicture(other)
    }
    await placeOrder()
    await page.getByRole('button', { name: /^Back to shadow/ }).click()
    await confirm('Go back', 'the test is over')
    await page.getByText('owned by the monolith').waitFor({ timeout: 60_000 })
    await standsAt(/^shadow/)
    await other.getByText('owned by the monolith').first().waitFor()
    await placeOrder()
  })

  const isNext = (button: string) => page.getByRole('button', { name: `${button} …` }).isVisible()

  /** An order takes stock from whoever owns it. */
  async function placeOrder(): Promise<void> {
    const signedIn = await fetch(`${shop()}/api/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'user7@example.com', password: 'password' }),
    })
    const { token } = (await signedIn.json()) as { token: string }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ items: [{ sku: 'SKU-00002', quantity: 1 }] })
    const placed = await fetch(`${shop()}/api/orders`, { method: 'POST', headers, body })
    expect(placed.status, await placed.text()).toBe(201)
  }
})
