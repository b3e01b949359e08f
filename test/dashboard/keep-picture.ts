import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** `npm run screenshots` names a folder: then each page is kept as a picture. */
const PICTURES = process.env['STRANGLER_SCREENSHOTS']
const README_PICTURE = join(import.meta.dirname, '../../docs/images/overview.png')

export const keepsPictures = PICTURES !== undefined

export async function keepPicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}

/** The README's picture, which is of the demo. */
export async function keepReadmePicture(page: Page): Promise<void> {
  await page.screenshot({ path: README_PICTURE, fullPage: true })
}
