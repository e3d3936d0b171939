const TRIES = 30
const PAUSE_MS = 1_000

/**
 * Loads a part of the page that comes later, also while its server is being restarted: until then the place
 * of the part stays as it is, and nothing else of the page suffers.
 * @throws what the last try threw, after half a minute: the server is gone, or serves another build by now
 */
export async function loadPatiently<Part>(load: () => Promise<Part>): Promise<Part> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await load()
    } catch (error) {
      if (tried === TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
  }
}
