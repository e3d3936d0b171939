import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { ForeignAnswerError } from '#app/trpc/query-client.ts'
import { describeFailure } from '#app/ui/failure.tsx'

function answered(code: string): TRPCClientError<never> {
  return TRPCClientError.from({ error: { message: 'no', code: -1, data: { code } } } as never)
}

describe('a failure in words', () => {
  it('does not blame the database for what is the server, nor the network for what was answered', () => {
    expect(describeFailure(answered('SERVICE_UNAVAILABLE')).what).toBe('The database could not answer.')
    expect(describeFailure(answered('INTERNAL_SERVER_ERROR')).what).toBe('The server answered with an error.')
    const foreign = TRPCClientError.from(new ForeignAnswerError(502))
    expect(describeFailure(foreign).what).toBe('The server answered with an error (502).')
    const refused = TRPCClientError.from(new TypeError('fetch failed'))
    expect(describeFailure(refused).what).toBe('The server of this page did not answer.')
    const late = TRPCClientError.from(new DOMException('signal timed out', 'TimeoutError'))
    expect(describeFailure(late).what).toBe('The server of this page did not answer.')
  })
})
