import { isUtf8 } from 'node:buffer'
import type { Rejection } from '#domain/event.ts'

/** What a sender calls an event: decoded, or refused as no JSON. */
export type Entry = { value: unknown } | { rejection: Rejection }

/** Decodes one line of ndjson. */
export function decodeLine(line: Buffer): Entry {
  if (!isUtf8(line)) return invalidLine('the line is not valid UTF-8')
  try {
    return { value: JSON.parse(line.toString('utf8')) }
  } catch (error) {
    return invalidLine(`the line is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function invalidLine(detail: string): { rejection: Rejection } {
  return { rejection: { reason: 'invalid_json', detail } }
}

export const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** The line between two places, without the carriage return that some programs put at its end. */
export function lineBetween(bytes: Buffer, start: number, newline: number): Buffer {
  const end = newline > start && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline
  return bytes.subarray(start, end)
}

/** Blank lines are no events and are not counted. */
export function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === 0x20 || byte === 0x09)
}
