import { deadline } from '#platform/time.ts'
import { HttpProblem } from './problem.ts'

/** What a process needs, part by part: 'ok', or what is wrong with it. */
export type ReadinessParts = Readonly<Record<string, string>>

/** A part that the process needs; throws when it is not there. */
export type ReadinessCheck = () => Promise<void>

/** Asks every part, each for `timeoutMs` at most. Never throws: what is missing is named. */
export async function checkParts(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeoutMs: number,
): Promise<ReadinessParts> {
  const asked = Object.entries(checks).map(async ([part, check]) => {
    try {
      await deadline(check(), timeoutMs)
      return [part, 'ok'] as const
    } catch (error) {
      return [part, error instanceof Error ? error.message : String(error)] as const
    }
  })
  return Object.fromEntries(await Promise.all(asked))
}

/** The answer of GET /readyz. @throws HttpProblem 503 naming the parts that fail */
export function readyAnswer(parts: ReadinessParts): { status: 'ready'; parts: ReadinessParts } {
  const failing = Object.keys(parts).filter(part => parts[part] !== 'ok')
  if (failing.length === 0) return { status: 'ready', parts }
  throw new HttpProblem(503, `Not ready: ${failing.join(', ')}.`, {
    headers: { 'Retry-After': '2' },
    members: { failing, parts },
  })
}
