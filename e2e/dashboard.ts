import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'

/** The cards of the page, as a person finds them: by their titles. */
export function card(page: Page, title: string | RegExp): Locator {
  return page.getByRole('region', { name: title })
}

/** The two figures of a card, as read: batch, stream, difference. */
export function figure(page: Page, title: string): Record<'batch' | 'stream' | 'difference', Locator> {
  const definitions = card(page, new RegExp(`^${title}( in)?( [A-Z]{3})?$`)).getByRole('definition')
  return { batch: definitions.nth(0), stream: definitions.nth(1), difference: definitions.nth(2) }
}

/** Widest overflow of the page to the right, in px: 0 when nothing can be scrolled sideways. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
}

/** What axe finds that is serious or critical, short enough to read in a failed expectation. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // What is half faded in or out has the contrast of nothing that one reads.
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
    await Promise.allSettled(passing.map(({ finished }) => finished))
  })
  // In the page itself, which has no frames, and without the list of all that is well: most of the work is telling it.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)}`))
}
