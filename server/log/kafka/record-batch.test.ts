import { Reader, readRecordsBatches } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBatch } from './record-batch.ts'

const OPTIONS = {
  producerId: 7n,
  producerEpoch: 3,
  sequence: 11,
  isTransactional: true,
  timestamp: 1_795_165_200_000,
}

test('a batch reads as the client reads it: every value in its place, whatever its size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ maxLength: 100 }), fc.constant('x'.repeat(9_000))), {
        minLength: 1,
        maxLength: 200,
      }),
      texts => {
        const bytes = encodeBatch(
          texts.map(text => Buffer.from(text)),
          OPTIONS,
        )
        const [batch, ...others] = readRecordsBatches(Reader.from(bytes))
        expect(others).toEqual([])
        expect(batch).toMatchObject({
          length: bytes.length - 12,
          magic: 2,
          attributes: 16,
          lastOffsetDelta: texts.length - 1,
          producerId: 7n,
          producerEpoch: 3,
          firstSequence: 11,
          maxTimestamp: 1_795_165_200_000n,
        })
        expect(
          batch?.records.map(({ offsetDelta, key, value }) => [offsetDelta, key, value?.toString() ?? '']),
        ).toEqual(texts.map((text, index) => [index, null, text]))
      },
    ),
    { numRuns: 50 },
  )
})
