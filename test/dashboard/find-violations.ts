import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe-core finds on the page as it is now, one line each. */
export async function findViolations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, so the page's own policy has no say in it.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe has just been put there
    const { violations } = await (globalThis as any).axe.run()
    return violations.flatMap(
      ({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    )
  })
}
