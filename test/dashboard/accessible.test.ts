import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBrowser, openPage, program, signIn, WIDTHS } from './browser.ts'
import { fillPanels, whileRefused } from './fill-panels.ts'
import { findViolations } from './find-violations.ts'
import { keepPicture } from './keep-picture.ts'
import { type DashboardStand, LIST, READ, type StandOptions, startStand } from './stand.ts'
import { takeSteps } from './take-steps.ts'

const CAPABILITIES: StandOptions['capabilities'] = {
  catalogue: { service: 'inventory', endpoints: [LIST] },
  inventory: {
    endpoints: [READ, 'POST /api/stock/:id'],
    tables: [{ table: 'stock', guard: { mode: 'report', because: 'to see who still writes' } }],
    writers: [{ role: 'postgres', because: 'the sides of this stand' }],
  },
}

const PAGES: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  overview: (page) => page.getByText('silent for').waitFor(),
  capability: (page) => page.getByRole('heading', { name: /^Next/ }).waitFor(),
  compare: (page) => page.locator('.line.marked').first().waitFor(),
  data: (page) => page.getByRole('row').filter({ hasText: 'no_giants' }).waitFor(),
  routes: (page) => page.getByRole('rowheader').first().waitFor(),
  journal: (page) => page.getByRole('listitem').first().waitFor(),
}
const looks = (['light', 'dark'] as const).flatMap((theme) =>
  (['wide', 'narrow'] as const).map((width) => ({ theme, width })),
)

/** One of each theme and of each width. */
const opposites = looks.filter(({ theme, width }) => (theme === 'light') === (width === 'wide'))

describe.skipIf(program === undefined)('every page', () => {
  let stand: DashboardStand
  let browser: Browser

  beforeAll(async () => {
    stand = await startStand({ traffic: true, isBugged: true, capabilities: CAPABILITIES })
    const { version } = await stand.admin.routes()
    await stand.admin.setRoute({
      endpoint: LIST,
      mode: 'shadow',
      expectedVersion: version,
      because: 'a look',
    })
    await takeSteps(stand.admin, 'inventory', 8)
    await vi.waitFor(
      async () => {
        const { capabilities } = await stand.admin.compareReport({ capability: 'inventory' })
        expect(capabilities[0]?.differences.map(({ verdict }) => verdict)).toContain('real')
      },
      { timeout: 60_000, interval: 500 },
    )
    await fillPanels(stand)
    browser = await openBrowser()
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await stand?.stop()
  })

  it.each(looks)(
    'has no barrier for anybody, $theme and $width',
    { timeout: 120_000 },
    async ({ theme, width }) => {
      const viewport = WIDTHS[width]
      const { page, complaints } = await openPage(browser, stand.url, { colorScheme: theme, viewport })
      await page.getByLabel('Token').waitFor()
      const found: Record<string, string[]> = { 'sign-in': await findViolations(page) }
      await signIn(page, stand.tokens.operator)
      for (const [name, isThere] of Object.entries(PAGES)) {
        await page.goto(
          `${stand.url}#/${name}${name === 'capability' || name === 'compare' ? '/inventory' : ''}`,
        )
        const look = async () => {
          await isThere(page)
          found[name] = await listFlaws(page)
          await keepPicture(page, `${name}-${theme}-${width}`)
        }
        await (name === 'data' ? whileRefused(stand, look) : look())
      }
      await page.context().close()
      expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([])
      // 401: before anybody was signed in.
      expect(complaints.filter((one) => !one.includes('401'))).toEqual([])
    },
  )

  it.each(opposites)(
    'is designed before it knows anything, when it fails, and where there is nothing, $theme and $width',
    {
      timeout: 120_000,
    },
    async ({ theme, width }) => {
      const { page } = await openPage(browser, stand.url, { colorScheme: theme, viewport: WIDTHS[width] })
      const found: Record<string, string[]> = {}
      const look = async (name: string) => {
        found[name] = await findViolations(page)
        await keepPicture(page, `${name}-${theme}-${width}`)
      }
      await page.getByLabel('Token').fill('a wrong one, long enough to be one')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').waitFor()
      await look('sign-in-refused')
      await page.route('**/dashboard/api/live*', () => undefined)
      await signIn(page, stand.tokens.operator)
      await page.getByText('Waiting for the state of the capabilities').waitFor()
      await look('overview-waiting')
      await page.unroute('**/dashboard/api/live*')
      const problem = {
        code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE',
        detail: 'The control database at db:5432 is away.',
      }
      await page.route('**/dashboard/api/compare/report*', (route) =>
        route.fulfill({ status: 503, json: { ...problem, status: 503, fix: 'Look at `strangler doctor`.' } }),
      )
      await page.goto(`${stand.url}#/compare/inventory`)
      await page.reload()
      await page.getByText('db:5432 is away').waitFor()
      await page
        .locator('code')
        .filter({ hasText: /^npx strangler doctor$/ })
        .waitFor()
      await look('compare-failed')
      await page.goto(`${stand.url}#/journal?text=nobody-has-said-this`)
      await page.locator('.nothing').waitFor()
      await look('journal-nothing')
      await page.goto(`${stand.url}#/routes`)
      await page.getByRole('combobox', { name: `Send ${LIST} to` }).selectOption('canary')
      await page.getByRole('dialog').waitFor()
      await look('routes-dialog')
      await page.context().close()
      expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([])
    },
  )

  it('with a barrier would be found: a picture without words, a button without a name, pale text', {
    timeout: 60_000,
  }, async () => {
    const { page } = await openPage(browser, stand.url)
    await signIn(page, stand.tokens.viewer)
    expect(await findViolations(page)).toEqual([])
    await page.evaluate(PLANT_BARRIERS)
    const found = (await findViolations(page)).map((line) => line.split(':')[0])
    expect(found.sort()).toEqual(['button-name', 'color-contrast', 'image-alt'])
    await page.context().close()
  })
})

async function listFlaws(page: Page): Promise<string[]> {
  const flaws = await findViolations(page)
  const text = (await page.locator('main').textContent()) ?? ''
  if (text.includes('`')) flaws.push('shows a bare backtick')
  // Nothing is cut off, and nobody has to scroll sideways.
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  if (overflow !== 0) flaws.push(`is ${overflow} px too wide`)
  return flaws
}

const PLANT_BARRIERS = `
  const pale = Object.assign(document.createElement('p'), { textContent: 'can hardly be read' })
  pale.style.color = 'var(--line)'
  document.querySelector('main').append(document.createElement('img'), document.createElement('button'), pale)`
