import { TRPCClientError } from '@trpc/client'
import { describeFailure } from '#app/ui/describe-failure.ts'

/** Why something that was asked for was not done, in a sentence. A refusal says itself what can be done. */
export function failureText(error: unknown): string {
  if (error instanceof TRPCClientError) {
    const data: unknown = error.data
    if (typeof data === 'object' && data !== null && 'code' in data && data.code === 'BAD_REQUEST')
      return error.message
  }
  const { what, advice } = describeFailure(error)
  return `${what} ${advice}`
}
