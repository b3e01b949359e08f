import { type Browser, chromium, type Page } from 'playwright-core'
import { requireProgram } from '../support/optional.ts'

/** Undefined where the machine has none; `.ci/run` says that it must have one. */
export const program = await requireProgram('chromium')

export const WIDTHS = { wide: { width: 1_280, height: 900 }, narrow: { width: 390, height: 844 } } as const

export async function openBrowser(): Promise<Browser> {
  // As root, which is what a container is, Chromium starts only without its sandbox.
  return chromium.launch({ executablePath: program?.path ?? '', args: ['--no-sandbox', '--disable-gpu'] })
}

/** A page, and everything that a well-behaved one never does. */
export interface WatchedPage {
  readonly page: Page
  /** Errors of the console, refusals of the Content-Security-Policy, requests to other hosts. */
  readonly complaints: string[]
}

export interface PageOptions {
  readonly colorScheme?: 'light' | 'dark'
  readonly viewport?: { readonly width: number; readonly height: number }
}

export async function openPage(
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: WIDTHS.wide,
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const { host } = new URL(url)
  page.on('pageerror', (error) => complaints.push(`failed: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) complaints.push(`asked another host: ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

export async function signIn(page: Page, token: string, name = 'anna'): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}
