import { TRPCClientError } from '@trpc/client'
import { RotateCw, TriangleAlert } from 'lucide-react'
import { errorCodeOf, ForeignAnswerError, isRefusal } from '#app/trpc/query-client.ts'
import { Button } from '#app/ui/button.tsx'

/** A failure in words for the reader of a page: what happened, and what they can do. */
interface Failure {
  what: string
  advice: string
}

const DATABASE_AWAY: Failure = {
  what: 'The database could not answer.',
  advice: 'If this lasts, ask /readyz of this server which part is missing.',
}

const BY_CODE: Partial<Record<string, Failure>> = {
  SERVICE_UNAVAILABLE: DATABASE_AWAY,
  BAD_REQUEST: {
    what: 'This address asks for something that does not exist.',
    advice: 'Choose the day, the stores and the currency again above.',
  },
}

const NO_ANSWER: Failure = {
  what: 'The server of this page did not answer.',
  advice: 'It may be restarting. The page goes on by itself once it is back.',
}

/** @param error what a query or the socket threw */
export function describeFailure(error: unknown): Failure {
  if (error instanceof TRPCClientError) {
    const code = errorCodeOf(error)
    const advice = 'If it stays, the log of the web process has the cause. The page goes on by itself.'
    if (error.cause instanceof ForeignAnswerError)
      return { what: `The server answered with an error (${error.cause.status}).`, advice }
    if (code === null) return NO_ANSWER
    if (code === 'NOT_FOUND')
      return { what: error.message, advice: 'Look for it in the list that it was in.' }
    if (code === 'INTERNAL_SERVER_ERROR') return { what: 'The server answered with an error.', advice }
    return BY_CODE[code] ?? { what: error.message, advice }
  }
  return {
    what: 'Something went wrong on this page.',
    advice: error instanceof Error ? error.message : 'Try again, or load the page anew.',
  }
}

/** Why something that was asked for was not done, in a sentence. A refusal says itself what can be done. */
export function failureText(error: unknown): string {
  if (isRefusal(error)) return error.message
  const { what, advice } = describeFailure(error)
  return `${what} ${advice}`
}

/** What happened, what to do about it, and a button to try again. */
export function ErrorState({
  failure,
  retry,
  retrying,
}: {
  failure: Failure
  retry: () => unknown
  retrying: boolean
}) {
  return (
    <div role="alert" className="my-auto flex flex-col items-start gap-2 text-xs">
      <p className="flex items-start gap-2 font-medium text-bad">
        <TriangleAlert className="mt-0.5 size-4 shrink-0" />
        {failure.what}
      </p>
      <p className="text-muted">{failure.advice}</p>
      <Button onClick={() => void retry()} disabled={retrying}>
        <RotateCw className={`size-3.5 ${retrying ? 'motion-safe:animate-spin' : ''}`} />
        Try again
      </Button>
    </div>
  )
}
