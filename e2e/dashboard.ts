import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page } from '@playwright/test'

/** The cards of the page, as a person finds them: by their titles. */
export function card(page: Page, title: string | RegExp): Locator {
  return page.getByRole('region', { name: title })
}

/** The two figures of a card, as read: batch, stream, difference. */
export function figure(page: Page, title: string): Record<'batch' | 'stream' | 'difference', Locator> {
  const definitions = card(page, new RegExp(`^${title}( in)?( [A-Z]{3})?$`)).getByRole('definition')
  return { batch: definitions.nth(0), stream: definitions.nth(1), difference: definitions.nth(2) }
}

/** There once the page hears of what happens as it happens. */
export function live(page: Page): Locator {
  return page.getByRole('status').filter({ hasText: /^Live$/ })
}

/** What has popped up and not gone yet. */
export function notifications(page: Page): Locator {
  return page.getByRole('region', { name: 'Notifications' }).getByRole('dialog')
}

/**
 * What pops up on a page that is opened from here on stays until it is dismissed, as where a pointer lies on it: by
 * itself it goes after eight seconds, which a busy machine may need for one look.
 */
export async function holdNotifications(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const hold = () => {
      for (const popup of document.querySelectorAll('[role="dialog"][aria-modal="false"]'))
        popup.dispatchEvent(new MouseEvent('mousemove', { bubbles: true }))
    }
    new MutationObserver(hold).observe(document, { subtree: true, childList: true })
  })
}

/** Until the page knows what is open: what comes from here on is news to it. */
export async function begun(page: Page): Promise<void> {
  await expect(page.getByText('open alerts not known yet')).toHaveCount(0)
}

/** Chooses who one is, as `Ada, buyer`, in the navigation of a wide screen. */
export async function iAm(page: Page, name: string): Promise<void> {
  await page.getByRole('banner').getByLabel('You').selectOption({ label: name })
}

/**
 * Widest overflow of the page to the right, in px: 0 when nothing can be scrolled sideways. A chart is as wide as it was
 * until the browser has told it of another width: what stays too wide is looked at for a minute.
 */
export async function sidewaysOverflow(page: Page): Promise<number> {
  const look = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  await expect
    .poll(look)
    .toBe(0)
    .catch(() => {})
  return look()
}

/** Closes what lies over the page, and waits until it has faded: until then there may be two, and neither is the one meant. */
export async function closeByEscape(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
}

/** What axe finds that is serious or critical, short enough to read in a failed expectation. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await stand(page, true)
  const found = await violationsOf(page)
  await stand(page, false)
  return found
}

/** Rules of axe that judge colours. All others judge what a page is made of, which is the same in both themes. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block']

/** The same of a page that follows the system's theme, in the light one and in the dark one; it is left in the light one. */
export async function seriousViolationsInBothThemes(page: Page): Promise<string[]> {
  await stand(page, true)
  await turn(page, 'dark')
  const inDark = await violationsOf(page, OF_COLOURS)
  await turn(page, 'light')
  const inLight = await violationsOf(page)
  await stand(page, false)
  return [...inLight, ...inDark.map(found => `in the dark theme ${found}`)]
}

async function turn(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme })
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
}

/** @param rules of axe; left out: all */
async function violationsOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  // In the page itself, which has no frames, and without the list of all that is well: most of the work is telling it.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({
      resultTypes: ['violations'],
      ...(rules && { runOnly: { type: 'rule', values: [...rules] } }),
    })
    .analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)}`))
}

/**
 * Lets nothing fade or move until told otherwise: what is half faded in or out has the contrast of nothing that one
 * reads, and axe looks for seconds, in which a toast comes or goes. A style sheet made in the page, which the page's
 * policy of contents lets pass.
 */
function stand(page: Page, isStill: boolean): Promise<void> {
  return page.evaluate(isStill => {
    const still = new CSSStyleSheet()
    still.replaceSync(`
      *, ::before, ::after { transition: none !important; animation: none !important }
      [data-starting-style], [data-ending-style] { opacity: 1 !important }
    `)
    document.adoptedStyleSheets = isStill ? [still] : []
  }, isStill)
}
