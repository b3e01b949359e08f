import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenApiDocument, verifyContract } from '../../strangler/contract.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { openBrowser, openPage, program, signIn } from './browser.ts'
import { drive } from './drive.ts'
import { startSide } from './sides.ts'
import { type DashboardStand, READ, startStand, startTraffic } from './stand.ts'

const GONE = 'proxy-0123456789ab'
/** Rows that the traffic does not read: what is done to them is no difference of an answer. */
const [PAUSED, REFUSED, STRAY] = [101, 102, 103]
const WHY = { timeout: 20_000 }
const GATES = { timeout: 120_000, interval: 500 }

describe.skipIf(program === undefined)('by the page alone an operator', () => {
  let stand: DashboardStand
  let browser: Browser
  let page: Page
  const crowd: ReturnType<typeof startTraffic>[] = []

  beforeAll(async () => {
    stand = await startStand({
      traffic: true,
      comparesAll: true,
      capabilities: {
        inventory: {
          endpoints: [READ, 'GET /api/stock', 'POST /api/stock/:id'],
          tables: [{ table: 'stock', guard: { mode: 'report', because: 'to see who still writes' } }],
          writers: [{ role: 'postgres', because: 'the sides of this stand' }],
        },
      },
    })
    await fetch(`${stand.proxyUrl}/api/stock/60`, { method: 'POST' })
    browser = await openBrowser()
    page = (await openPage(browser, stand.url)).page
    await signIn(page, stand.tokens.operator, 'anna')
  }, 120_000)
  afterAll(async () => {
    await Promise.all(crowd.map((one) => one.stop()))
    await browser?.close()
    await stand?.stop()
  })

  const at = async (hash: string) => {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  }
  const patient = () => drive(page, { isPatient: true })
  const give = async (button: string, confirmed: string, because?: string) => {
    await page.getByRole('button', { name: `${button} …` }).click()
    const dialog = page.getByRole('dialog')
    if (because !== undefined) await dialog.getByLabel('Why').fill(because)
    await dialog.getByRole('button', { name: confirmed, exact: true }).click()
    // The autopilot decides too: whoever has not seen its newest line yet is told of it.
    const again = dialog.getByRole('button', { name: 'Do it all the same' })
    await expect.poll(async () => (await dialog.count()) === 0 || again.isVisible(), WHY).toBe(true)
    if ((await dialog.count()) > 0) await again.click()
    await dialog.waitFor({ state: 'detached' })
  }
  const guided = async () => (await stand.admin.guide({ capability: 'inventory' })).capabilities[0]
  const sync = async () => (await stand.admin.syncs()).syncs[0]
  const events = async () => (await stand.admin.history({ limit: 500 })).entries
  const inService = async (id: number) =>
    (await stand.service.pool.query('SELECT quantity FROM stock WHERE id = $1', [id])).rows[0]?.quantity
  const write = (id: number, quantity: number) =>
    stand.monolith.pool.query(
      `INSERT INTO stock VALUES ($1, 'sku-x', $2, 'plain') ON CONFLICT (id) DO UPDATE SET quantity = excluded.quantity`,
      [id, quantity],
    )
  const carry = async (id: number, quantity: number) => {
    await write(id, quantity)
    await expect.poll(() => inService(id), WHY).toBe(quantity)
  }
  const panel = (title: string) =>
    page.locator('section.panel').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

  it('lets the autopilot fly, and takes over from it', { timeout: 180_000 }, async () => {
    await at('#/capability/inventory')
    await page.getByRole('combobox', { name: 'Gates' }).selectOption('demo')
    await patient().step()
    await give('Let it fly', 'Let it fly', 'the first steps harm nobody')
    await expect.poll(async () => (await guided())?.step?.step, GATES).toBe('observe')
    expect(await events()).toContainEqual(
      expect.objectContaining({
        by: 'operator:autopilot',
        event: expect.objectContaining({ kind: 'stage.entered', step: 'observe' }),
      }),
    )
    await panel('Autopilot').getByText('It waits for gates.').waitFor()
    await give('Take over', 'Take over', 'enough of it')
    expect((await guided())?.autopilot).toBeUndefined()
    await panel('Autopilot').getByText('off', { exact: true }).waitFor()
    expect((await events())[0]).toMatchObject({ by: 'operator:anna', event: { kind: 'autopilot.stopped' } })
  })

  it('records the contract, and takes the steps to the sync when their gates are open', {
    timeout: 180_000,
  }, async () => {
    const record = page.getByRole('button', { name: 'Record the contract' })
    await expect
      .poll(async () => {
        // Of answers that are not told yet nothing can be recorded: he is told so, and asks again.
        if (await record.isVisible()) await record.click()
        return (await stand.admin.contract('inventory')).recorded?.endpoints ?? 0
      }, GATES)
      .toBeGreaterThan(0)
    await verifyAsCi(stand)
    await patient().step()
    await patient().step()
    await patient().standsAt(/^sync/)
    expect((await sync())?.state).toBe('running')
  })

  it('pauses the sync and resumes it: what was written meanwhile waits and is carried then', {
    timeout: 90_000,
  }, async () => {
    await at('#/data/inventory')
    await panel('Backfill').getByText('done', { exact: true }).waitFor({ timeout: 30_000 })
    await give('Pause', 'Pause', 'the database is moved')
    await page.getByText('paused', { exact: true }).waitFor()
    expect((await sync())?.pause).toMatchObject({ by: 'operator:anna', because: 'the database is moved' })
    await write(PAUSED, 11)
    await expect.poll(async () => (await sync())?.live?.entries, WHY).toBe(1)
    await panel('Lag and throughput')
      .locator('div')
      .filter({ hasText: /^Changes not there yet1$/ })
      .waitFor()
    expect(await inService(PAUSED)).toBeUndefined()
    await give('Resume', 'Resume')
    await expect.poll(() => inService(PAUSED), WHY).toBe(11)
    await page.getByText('running', { exact: true }).waitFor()
    expect((await sync())?.pause).toBeUndefined()
  })

  it('sees how many changes a second are applied, when there is nothing left to copy', {
    timeout: 60_000,
  }, async () => {
    let quantity = 0
    const applied = panel('Lag and throughput')
      .locator('div')
      .filter({ hasText: /^Changes applied \/ s/ })
    await expect
      .poll(async () => {
        await write(PAUSED, quantity++)
        return Number(await applied.locator('dd').textContent())
      }, WHY)
      .toBeGreaterThan(0)
    expect((await sync())?.live).toMatchObject({
      backfill: { state: 'done' },
      appliedPerSecond: expect.any(Number),
    })
  })

  it('sees a row that the other side refuses, with the reason, until it is mended', {
    timeout: 60_000,
  }, async () => {
    await carry(REFUSED, 5)
    await stand.service.pool.query('ALTER TABLE stock ADD CONSTRAINT no_giants CHECK (quantity < 1000000)')
    await write(REFUSED, 2_000_000)
    const row = panel('Quarantine')
      .getByRole('row')
      .filter({ hasText: `stock ["${REFUSED}"]` })
    await row.getByText('no_giants').waitFor()
    expect((await sync())?.live?.quarantine).toMatchObject([{ table: 'stock', key: `["${REFUSED}"]` }])
    expect(await inService(REFUSED)).toBe(5)
    await write(REFUSED, 6)
    await panel('Quarantine').getByText('No row was refused').waitFor({ timeout: 40_000 })
    expect(await inService(REFUSED)).toBe(6)
    expect((await sync())?.live?.quarantine).toEqual([])
  })

  it('sees who has written at the side that does not own, and which rows', { timeout: 60_000 }, async () => {
    await carry(STRAY, 7)
    await panel('Stray writes').getByText('Only the owner writes').waitFor()
    await stand.service.pool.query('UPDATE stock SET quantity = 8 WHERE id = $1', [STRAY])
    const row = panel('Stray writes')
      .getByRole('row')
      .filter({ hasText: `stock ["${STRAY}"]` })
    await row.getByText('update').waitFor()
    await row.getByText('quantity', { exact: true }).waitFor()
    await row.getByText('postgres').waitFor()
    await panel('Stray writes').getByText('1 write,').waitFor()
    expect((await sync())?.live?.strayWrites).toMatchObject([
      { table: 'stock', count: 1, rows: [{ key: `["${STRAY}"]`, op: 'update', columns: ['quantity'] }] },
    ])
  })

  it('finds the row that differs by it, and repairs it', { timeout: 90_000 }, async () => {
    const compared = panel('Comparison of all rows')
    await give('Compare all rows', 'Compare them')
    await compared.getByText('1 differs').waitFor({ timeout: 30_000 })
    const row = compared.getByRole('row').filter({ hasText: `stock ["${STRAY}"]` })
    await row.getByText('quantity', { exact: true }).waitFor()
    expect(await inService(STRAY)).toBe(8)
    await give('Repair', 'Repair them')
    await page.getByText('1 row repaired, 0 refused, 0 left.').waitFor()
    expect(await inService(STRAY)).toBe(7)
    await give('Compare all rows', 'Compare them')
    await compared.getByText('the same', { exact: true }).waitFor({ timeout: 30_000 })
    expect((await sync())?.live?.verify).toMatchObject({ state: 'done', different: 0, missing: 0, extra: 0 })
  })

  it('asks why a request goes where it goes', { timeout: 30_000 }, async () => {
    await at('#/routes')
    await page.getByLabel('Path').fill('/api/stock/5')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    const { sentence, reason } = await stand.admin.why({ method: 'GET', path: '/api/stock/5' })
    const box = panel('Why does a request go where it goes?')
    await box.getByText(reason, { exact: true }).waitFor()
    expect((await box.getByRole('status').textContent()) ?? '').toContain(sentence.replaceAll('`', ''))
    await page.getByLabel('Path').fill('/nobody/knows/this')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await expect.poll(() => box.getByRole('status').textContent()).not.toContain(sentence.replaceAll('`', ''))
  })

  it('evicts a proxy that has died without a word, for which a cut-over would wait', {
    timeout: 60_000,
  }, async () => {
    await stand.leaveRegistration(GONE)
    await at('#/overview')
    const row = panel('Proxies and workers').getByRole('row').filter({ hasText: GONE })
    await row.getByText('silent for 3 min').waitFor()
    await row.getByRole('button', { name: 'Evict' }).click()
    await drive(page).confirm('Evict it', 'its machine is gone')
    await row.waitFor({ state: 'detached' })
    expect((await stand.admin.proxies()).proxies.map(({ id }) => id)).not.toContain(GONE)
    expect((await events())[0]).toMatchObject({
      ...{ because: 'its machine is gone', event: { kind: 'proxy.evicted', registration: GONE } },
    })
  })

  it('takes every step to the cut-over, rehearses it and cuts over: no gate was passed that was not open', {
    timeout: 600_000,
  }, async () => {
    await at('#/capability/inventory')
    // The first answers to shadow requests are slow: of the more there are, the sooner the gate `latency` knows that they are few.
    crowd.push(startTraffic(stand.proxyUrl), startTraffic(stand.proxyUrl))
    await patient().step()
    await patient().standsAt(/^shadow/)
    for (const percent of [10, 25, 50, 100]) {
      await patient().step()
      await patient().standsAt(new RegExp(`^canary ${percent} %`))
    }
    await page.getByRole('button', { name: 'Rehearse the cut-over' }).click()
    await page.getByText('Writes would wait about', { exact: false }).first().waitFor({ timeout: 40_000 })
    await patient().step('Cut over')
    await patient().standsAt(/^owned/)
    expect((await guided())?.owner).toBe('service')
    const steps = (await events()).flatMap(({ event }) => (event.kind === 'stage.entered' ? [event] : []))
    expect(steps.map(({ step }) => step).reverse()).toEqual([
      ...['choose', 'observe', 'contract', 'sync', 'shadow'],
      ...['canary', 'canary', 'canary', 'canary', 'cutover'],
    ])
    expect(steps.flatMap(({ overridden = [] }) => overridden)).toEqual([])
  })
})

/** What the service's own CI does before anybody reads from it: this build, with rows of its own. */
async function verifyAsCi({ admin }: DashboardStand): Promise<void> {
  const database = await createTestDatabase('ci')
  const instance = await startSide(database.url, { name: 'service', rows: true, isBugged: false })
  const { document, recorded } = await admin.contract('inventory')
  const { pass, build, failures } = await verifyContract({
    ...{ document: document as unknown as OpenApiDocument, target: instance.url, parameters: { id: ['7'] } },
  })
  expect(failures).toEqual([])
  await admin.keepVerified({
    ...{ capability: 'inventory', digest: recorded?.digest ?? '', target: instance.url },
    ...{ pass, build, failures: failures.length },
  })
  await instance.stop()
  await database.drop()
}
