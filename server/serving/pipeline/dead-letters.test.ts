import { describe, expect, it } from 'vitest'
import { readablePayload } from './dead-letters.ts'

const read = (text: string, max = 1_000) => readablePayload(new TextEncoder().encode(text), max)

describe('a payload on the page', () => {
  it('is laid out when it is JSON', () => {
    expect(read('{"id":"1","units":2}').text).toBe('{\n  "id": "1",\n  "units": 2\n}')
  })

  it('stays as it came when laying it out could change a number, or when it is broken', () => {
    for (const text of ['{"units":12345678901234567890}', '{"price":2.50}', '{"half":', 'a;b;"c"'])
      expect(read(text).text).toBe(text)
  })

  it('hides nothing: controls, turned text and zero-width characters are written out', () => {
    expect(read('{"id": "a\u202eb\u200bc\u0000d\ufeff"}').text).toBe(
      '{"id": "a\\u202eb\\u200bc\\u0000d\\ufeff"}',
    )
    expect(read('one\r\n\ttwo').text).toBe('one\\u000d\n\ttwo')
  })

  it('means the same to a reader of JSON after that', () => {
    const event = { id: 'a\u202e\u00e9 \u{1f600}' }
    expect(JSON.parse(read(JSON.stringify(event)).text)).toEqual(event)
  })

  it('is cut when it is long, and says so', () => {
    expect(read('x'.repeat(20), 10)).toEqual({ text: 'x'.repeat(10), isCut: true, isDamaged: false })
  })

  it('says when its bytes are no text', () => {
    expect(readablePayload(new Uint8Array([0x7b, 0xff, 0x7d]), 10)).toMatchObject({ isDamaged: true })
  })
})
