const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * The bytes of each element of a JSON array, as they were sent: what a dead letter keeps. The text must have
 * parsed as an array before. Without recursion: it may be nested a million deep.
 */
export function sliceArrayElements(json: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = []
  let depth = 0
  let start = -1
  let inString = false
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index] ?? 0
    if (inString) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) inString = false
      continue
    }
    if (byte === QUOTE) inString = true
    const closesArray = depth === 1 && CLOSE.has(byte)
    if (closesArray || (depth === 1 && byte === COMMA)) {
      if (start >= 0) elements.push(trimEnd(json.subarray(start, index)))
      start = -1
    } else if (depth === 1 && start < 0 && !SPACE.has(byte)) {
      start = index
    }
    if (OPEN.has(byte)) depth += 1
    else if (CLOSE.has(byte)) depth -= 1
  }
  return elements
}

function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && SPACE.has(bytes[end - 1] ?? 0)) end -= 1
  return bytes.subarray(0, end)
}
