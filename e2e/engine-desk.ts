import { expect, type Locator, type Page } from '@playwright/test'
import { card } from './dashboard.ts'

/** The part of the page that compares generations of engines, and switches between them. */
export function engineDesk(page: Page): Locator {
  return card(page, 'Generations and engines')
}

/** The longest that a press may take. What is refused is pressed again then. */
const PRESS_MS = 60_000

/**
 * Compares a generation with the active one until there is the first certificate, which must say so. Another engine that
 * has not followed for some seconds is not waited for any longer, as it should be, and there is none then.
 *
 * @param name of the generation's region
 */
export async function certify(page: Page, name: string, verdict: 'accepted' | 'refused'): Promise<void> {
  const generation = engineDesk(page).getByRole('region', { name })
  await expect(async () => {
    await generation.getByRole('button', { name: 'Compare with the active one' }).click({ timeout: PRESS_MS })
    await expect(generation).toContainText(`Certificate 1 ${verdict}`, { timeout: PRESS_MS })
  }).toPass()
}

/**
 * Compares, presses, and waits until the other generation is active. While a process is away, or stands for some seconds,
 * the press is refused, and pressed again.
 */
export async function takeOver(
  page: Page,
  { region, button, confirm }: { region: string; button: string; confirm: string },
): Promise<void> {
  const generation = engineDesk(page).getByRole('region', { name: region })
  const press = generation.getByRole('button', { name: button })
  const compare = generation.getByRole('button', { name: 'Compare with the active one' })
  const sure = page.getByRole('dialog').getByRole('button', { name: confirm, exact: true })
  await expect(press).toBeVisible()
  await expect(async () => {
    // Gone once it is switched to. While a request is under way neither button can be pressed.
    if ((await press.count()) === 0) return
    if (!(await press.isEnabled({ timeout: PRESS_MS }))) await compare.click({ timeout: PRESS_MS })
    await expect(press).toBeEnabled({ timeout: PRESS_MS })
    await press.click({ timeout: PRESS_MS })
    await sure.click({ timeout: PRESS_MS })
    await expect(press).toHaveCount(0, { timeout: PRESS_MS })
  }).toPass()
}
