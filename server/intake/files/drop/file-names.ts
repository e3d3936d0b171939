import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'

// A name is bytes to the file system. Most are UTF-8 text; some come from an old share in another encoding, and must be
// found again by what they are, not by what they would look like.

/** What most file systems allow of a name. */
export const MAX_NAME_BYTES = 255

const SEPARATOR = Buffer.from('/')

/** A path of names. */
export function joinPath(folder: Buffer | string, ...names: (Buffer | string)[]): Buffer {
  const parts = names.flatMap(name => [SEPARATOR, Buffer.from(name)])
  return Buffer.concat([Buffer.from(folder), ...parts])
}

/**
 * A name as people and the database have it: text as it stands, with what is no text, or would break a line, as \xHH. No
 * two names look the same.
 */
export function displayName(name: Buffer): string {
  let text = ''
  for (let at = 0; at < name.length; ) {
    const length = lengthOfCharacter(name, at)
    if (length === 0) {
      text += hex(name[at] ?? 0)
      at += 1
      continue
    }
    const character = name.toString('utf8', at, at + length)
    if (character === '\\') text += '\\\\'
    else if (/[\p{Cc}\u2028\u2029]/u.test(character)) text += [...Buffer.from(character)].map(hex).join('')
    else text += character
    at += length
  }
  return text
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0').toUpperCase()}`
}

/** Bytes of the character that begins there; 0 where none does. */
function lengthOfCharacter(name: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= name.length; length += 1) {
    if (isUtf8(name.subarray(at, at + length))) return length
  }
  return 0
}

/** The name with a suffix, shortened in its middle where both together are longer than a name may be. */
export function withSuffix(name: Buffer, suffix: string | Buffer): Buffer {
  const end = Buffer.from(suffix)
  if (name.length + end.length <= MAX_NAME_BYTES) return Buffer.concat([name, end])
  const mark = Buffer.from(`~${shortHash(name)}`)
  return Buffer.concat([cutAt(name, MAX_NAME_BYTES - end.length - mark.length), mark, end])
}

/** Sixteen hex digits that stand for a name. */
export function shortHash(name: Buffer): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16)
}

/** No character is cut in two. */
function cutAt(name: Buffer, bytes: number): Buffer {
  let end = bytes
  while (end > 0 && ((name[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1
  return name.subarray(0, end)
}
