import { isBlank, lineBetween, NEWLINE } from '#server/intake/admit.ts'

/** One line of a file that holds one event a line. */
export interface EventLine {
  /** From 1; a blank line counts too. */
  line: number
  /** As it was written; of a line that is too long, its beginning. */
  bytes: Buffer
  isTooLong: boolean
}

/** Some lines, bounded in number and size. */
export interface EventPage {
  lines: EventLine[]
  bytes: number
}

export interface PageLimits {
  lines: number
  bytes: number
  /** Longest line; past it a line is refused, not held in memory. */
  line: number
}

/** What is kept of a line that is too long. */
const KEPT_BYTES = 4_096

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Cuts a stream of bytes into pages of lines, in constant memory. Blank lines are left out. */
export async function* readEventPages(
  chunks: AsyncIterable<Buffer>,
  limits: PageLimits,
): AsyncGenerator<EventPage> {
  let page: EventPage = { lines: [], bytes: 0 }
  let rest: Buffer = Buffer.alloc(0)
  let isSkipping = false
  let line = 0

  function isFull(): boolean {
    return page.lines.length >= limits.lines || page.bytes >= limits.bytes
  }

  function takePage(): EventPage {
    const taken = page
    page = { lines: [], bytes: 0 }
    return taken
  }

  function add(found: Buffer): void {
    line += 1
    const isFirst = line === 1 && found.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const bytes = isFirst ? found.subarray(3) : found
    if (isBlank(bytes)) return
    const isTooLong = bytes.length > limits.line
    page.lines.push({ line, bytes: isTooLong ? bytes.subarray(0, KEPT_BYTES) : bytes, isTooLong })
    page.bytes += bytes.length
  }

  for await (const chunk of chunks) {
    const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let start = 0
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, start)
      if (newline < 0) break
      // The end of a line that is refused already.
      if (isSkipping) isSkipping = false
      else add(lineBetween(bytes, start, newline))
      start = newline + 1
      if (isFull()) yield takePage()
    }
    rest = isSkipping ? Buffer.alloc(0) : bytes.subarray(start)
    if (rest.length > limits.line) {
      add(rest)
      rest = Buffer.alloc(0)
      isSkipping = true
    }
  }
  if (rest.length > 0) add(lineBetween(rest, 0, rest.length))
  if (page.lines.length > 0) yield page
}
