import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { readFuzzSettings } from '#platform/environment.ts'
import { deadline } from '#platform/time.ts'

/** One thing that is tried with random inputs. */
export interface FuzzTarget<Input> {
  name: string
  inputs: fc.Arbitrary<Input>
  /**
   * Tries one input. @param signal fires when it has taken too long
   * @returns what is wrong with what came of it; null when all is well
   */
  attempt(input: Input, signal: AbortSignal): Promise<string | null>
}

/** Nothing that is asked takes longer; where it does, it is tried again: a hang hangs for a minute too, a busy machine does not. */
const PATIENCE_MS = [2_000, 10_000, 60_000]
/** Inputs of a target before it is the next one's turn. */
const TURN = 5
/** Inputs of each target at the least, however slow the machine. */
const LEAST = 10
/** Of the heap, over a whole run: what inputs leave behind adds up, caches do not. */
const MOST_GROWTH_BYTES = 48 * 1_048_576
const MOST_SHOWN = 2_000

/**
 * Tries every target in turns, for FUZZ_SECONDS, with inputs drawn from FUZZ_SEED.
 * @param repeat arguments of `npm test` that run this test alone, for the line that repeats a failure
 * @returns how many inputs were tried
 * @throws on the first input that fails, with the line that repeats it; and when memory has grown
 */
export async function fuzz<Input>(targets: readonly FuzzTarget<Input>[], repeat: string): Promise<number> {
  const { seed, seconds } = readFuzzSettings()
  const endsAt = performance.now() + seconds * 1_000
  const line = `FUZZ_SEED=${seed} FUZZ_SECONDS=${seconds} npm test -- ${repeat}`
  let tried = 0
  let heapAfterFirst = 0
  for (let turn = 0; turn * TURN < LEAST || performance.now() < endsAt; turn += 1) {
    for (const [index, target] of targets.entries()) {
      // In each turn anew, so that the draws of one target do not depend on how far others came.
      const inputs = fc.sample(target.inputs, { seed: seed + turn * 7_919 + index, numRuns: TURN })
      for (const input of inputs) {
        tried += 1
        const problem = await attemptOf(target, input)
        if (problem === null) continue
        throw new Error(`${target.name}: ${problem}\ninput ${tried}: ${shown(input)}\nto repeat: ${line}`)
      }
    }
    if (turn === 0) heapAfterFirst = heapBytes()
  }
  const growth = heapBytes() - heapAfterFirst
  if (growth > MOST_GROWTH_BYTES) {
    throw new Error(`${tried} inputs left ${Math.round(growth / 1_048_576)} MB behind\nto repeat: ${line}`)
  }
  return tried
}

async function attemptOf<Input>({ attempt }: FuzzTarget<Input>, input: Input): Promise<string | null> {
  for (const patienceMs of PATIENCE_MS) {
    const late = new AbortController()
    try {
      return await deadline(attempt(input, late.signal), patienceMs, () => {
        late.abort()
        return new LateError()
      })
    } catch (error) {
      if (!(error instanceof LateError))
        return error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
  }
  return `no answer within ${PATIENCE_MS.join(', then ')} ms`
}

class LateError extends Error {
  override readonly name = 'LateError'
}

function shown(input: unknown): string {
  const text = typeof input === 'string' ? JSON.stringify(input) : (JSON.stringify(input) ?? String(input))
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)` : text
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
