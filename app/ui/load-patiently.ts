const TRIES = 30
const PAUSE_MS = 1_000

/**
 * Loads a part of the page that comes later, also while its server is being restarted or is away, however long: until then
 * the place of the part stays as it is, and nothing else of the page suffers.
 * @throws what the last try threw, after half a minute in which the server was there: it serves another build by now
 */
export async function loadPatiently<Part>(load: () => Promise<Part>): Promise<Part> {
  for (let tried = 0; ; ) {
    try {
      return await load()
    } catch (error) {
      if (await isServed()) tried += 1
      if (tried === TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** Whether the server of this page answers. */
export async function isServed(): Promise<boolean> {
  const answer = await fetch('/healthz').catch(() => null)
  return answer?.ok ?? false
}
