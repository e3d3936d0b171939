import { expect, type Page } from '@playwright/test'

/**
 * Until all that the server has rendered of a page listens: the navigation, then the page itself. A browser says that a
 * page is loaded before, and what is pressed or typed until then may be lost for good, which no waiting afterwards mends.
 */
export async function alive(page: Page): Promise<void> {
  await expect(page.locator('[data-alive="false"]')).toHaveCount(0)
}

/** Makes a page one that is open, or open again, only once it listens; but where a test asks for an earlier moment. */
export function opensAlive(page: Page): void {
  const goto = page.goto.bind(page)
  const reload = page.reload.bind(page)
  page.goto = async (url, options) => {
    const answer = await goto(url, options)
    if (options?.waitUntil === undefined) await alive(page)
    return answer
  }
  page.reload = async options => {
    const answer = await reload(options)
    if (options?.waitUntil === undefined) await alive(page)
    return answer
  }
}
