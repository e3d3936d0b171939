/** A payload as text that can be shown and edited. */
export interface ReadablePayload {
  text: string
  /** Only the beginning is here: too long to be edited on a page. */
  isCut: boolean
  /** It was no valid UTF-8: what could not be read shows as a replacement character. */
  isDamaged: boolean
}

/**
 * Raw bytes as text in which nothing hides: characters that cannot be seen, or that turn the direction of the
 * text around, are written as `\\uXXXX`. Within JSON strings that is the same text, so what is shown can be
 * repaired and sent. JSON on one line is laid out, unless that could change a number.
 */
export function readablePayload(bytes: Uint8Array, maxBytes: number): ReadablePayload {
  const isCut = bytes.length > maxBytes
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, maxBytes))
  return {
    text: escapeHidden(isCut ? decoded : laidOut(decoded)),
    isCut,
    isDamaged: decoded.includes('\uFFFD'),
  }
}

/** Only what reads and writes back the same: a number of 20 digits would not. */
function laidOut(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text
  } catch {
    // Broken JSON is shown as it came.
    return text
  }
}

// Controls but tab and line feed, marks of direction, zero-width characters, line separators, half characters.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not hide
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu

function escapeHidden(text: string): string {
  return text.replace(HIDDEN, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
