import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { HttpProblem } from './problem.ts'

/** Longest address a request may have, in bytes: twice what browsers are known to handle everywhere. */
const MAX_TARGET_BYTES = 8_192

/**
 * Refuses an address that is no text: NUL, halves of characters (lone surrogates are three bytes that no UTF-8 has),
 * broken escapes in its path, or more than is read. What lies behind is never asked about them.
 * @throws HttpProblem 400 or 414
 */
export function refuseMalformedTarget({ url = '/' }: Pick<IncomingMessage, 'url'>): void {
  if (url.length > MAX_TARGET_BYTES) {
    throw new HttpProblem(414, `An address may have ${MAX_TARGET_BYTES} bytes, this one has ${url.length}.`)
  }
  // An address of another origin is for a proxy, which nobody here is.
  if (!url.startsWith('/') && url !== '*') throw malformed('begin with /')
  const [path = '', ...query] = url.split('?')
  if (/%(?![0-9a-f]{2})/i.test(path)) throw malformed('have two hexadecimal digits after each % of its path')
  for (const part of [path, query.join('?')]) {
    const bytes = unescaped(part)
    if (/[^\x21-\x7e]/.test(part) || bytes.includes(0) || !isUtf8(bytes)) {
      throw malformed('be UTF-8 in percent escapes, without NUL and halves of characters')
    }
  }
}

/** The bytes of a part; a % without digits is itself, as in a browser. */
function unescaped(part: string): Buffer {
  const text = part.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return Buffer.from(text, 'latin1')
}

function malformed(must: string): HttpProblem {
  return new HttpProblem(400, `The address of a request must ${must}.`)
}

/** Whether a text holds what no database column takes and no sender means: NUL, or half a character. */
export function isPlainText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
