import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { z } from 'zod'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { ALL_JOBS, JOBS } from '#domain/reports.ts'
import { placed } from '#domain/testing/events.ts'
import { besideSchema, fromSchema, hostileValue } from '#domain/testing/from-schema.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { startTestIntake } from '#server/intake/testing/intake.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { startTestWeb } from '#server/web/testing/web.ts'
import { appRouter } from '#server/web/trpc/router.ts'
import { type FuzzTarget, fuzz } from './testing/fuzz.ts'
import { openRoutes } from './testing/routes.ts'

vi.setConfig({ testTimeout: 900_000 })

const REPEAT = '--only integration seed/trials/fuzz-calls'

interface Procedure {
  _def: { type: 'query' | 'mutation' | 'subscription'; inputs: readonly z.ZodType[] }
}
const PROCEDURES = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)

let database: TestDatabase
let intake: IntakeService
let web: Awaited<ReturnType<typeof startTestWeb>>

beforeAll(async () => {
  database = await createTestDatabase()
  const paths = await createTestPaths(database.sql)
  const line = { sku: 'tea', units: 2, unitPrice: '2.555' }
  await paths.send([
    placed({ id: '1', at: '2026-03-02T10:15:30Z' }, [line]),
    placed({ id: '2', at: '2026-03-02T11:15:30Z' }, [line]),
  ])
  await paths.stream()
  await paths.batch({ store: 'berlin', day: '2026-03-02' })
  intake = await startTestIntake(database.url)
  // A dead letter that can be settled, and a finding that can be listed.
  await fetch(`${intake.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify([{ id: 'wrong' }, { id: 'wrong too', type: 'order.placed' }]),
  })
  web = await startTestWeb(database.url, {
    intakePort: Number(new URL(intake.url).port),
    demoNote: 'a demo',
    openPages: openRoutes,
  })
})
afterAll(async () => {
  await web.stop()
  await intake.stop()
  await database.drop()
})

/** What is wrong with an answer: only the client's own faults, and answers, are right. */
async function judge(response: Response): Promise<string | null> {
  const text = await response.text()
  if (response.status >= 500) return `status ${response.status}: ${text.slice(0, 500)}`
  if (/"httpStatus":5\d\d/.test(text))
    return `a part of the answer is ${/"httpStatus":5\d\d/.exec(text)?.[0]}: ${text.slice(0, 800)}`
  if (web.errors.length > 0) return `the log holds an error: ${web.errors.splice(0).map(String).join()}`
  return null
}

function inputsOf([schema]: readonly z.ZodType[]): fc.Arbitrary<unknown> {
  if (schema === undefined) return fc.option(hostileValue(), { nil: undefined })
  return fc.oneof(fromSchema(schema), besideSchema(schema))
}

function call(path: string, { _def: { type, inputs } }: Procedure): FuzzTarget<unknown> {
  return {
    name: `${type} ${path}`,
    inputs: inputsOf(inputs),
    async attempt(input, signal) {
      const text = JSON.stringify(input)
      if (type === 'mutation') {
        const headers = { 'Content-Type': 'application/json' }
        return judge(
          await fetch(`${web.url}/api/trpc/${path}`, { method: 'POST', headers, body: text ?? null, signal }),
        )
      }
      const query = text === undefined ? '' : `?input=${encodeURIComponent(text.toWellFormed())}`
      return judge(await fetch(`${web.url}/api/trpc/${path}${query}`, { signal }))
    },
  }
}

/** Several calls in one request, and what only looks like it. */
const batches: FuzzTarget<{ paths: string[]; input: unknown; query: string }> = {
  name: 'a batch',
  inputs: fc.record({
    paths: fc.array(
      fc.oneof(
        fc.constantFrom(...PROCEDURES.map(([path]) => path)),
        fc.constantFrom('', '..', 'toString', '__proto__.get', 'overview'),
      ),
      { maxLength: 25 },
    ),
    input: fc.oneof(
      hostileValue(),
      fc.dictionary(fc.constantFrom('0', '1', '2', '__proto__', '-1', '1e9'), hostileValue()),
    ),
    query: fc.constantFrom(
      'batch=1',
      'batch=0',
      'batch=',
      'batch=1&batch=1',
      'batch=%ff',
      'input=%00',
      'batch=1&input=%7B',
    ),
  }),
  async attempt({ paths, input, query }, signal) {
    const text = encodeURIComponent((JSON.stringify(input) ?? 'null').toWellFormed()).slice(0, 6_000)
    const url = `${web.url}/api/trpc/${paths.map(encodeURIComponent).join(',')}?${query}&input=${text}`
    const response = await fetch(url, { signal })
    // A path that climbs out of the API is a page.
    return judge(response)
  },
}

test('whatever is asked of any procedure, it answers, and nothing grows', async () => {
  expect(PROCEDURES.length).toBeGreaterThan(20)
  const targets = PROCEDURES.map(([path, procedure]) => call(path, procedure))
  const tried = await fuzz<never>([...targets, batches] as FuzzTarget<never>[], REPEAT)
  expect(tried).toBeGreaterThan(PROCEDURES.length)
})

test('and nothing is stored that a page could not have asked for', async () => {
  const { sql } = database
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  const jobs = await sql<{ job: string }[]>`select distinct job from live.job_requests`
  const known: readonly string[] = [ALL_JOBS, ...JOBS.map(({ name }) => name)]
  expect(jobs.map(({ job }) => job).filter(job => !known.includes(job))).toEqual([])
  // Of the test; a call can add none but by requeueing, and no text that is drawn is an event.
  const [log] = await sql<{ events: number }[]>`select count(*) as events from log.event_log`
  expect(log).toEqual({ events: 2 })
})
