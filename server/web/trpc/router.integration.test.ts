import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed } from '#domain/testing/events.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { appRouter, createCaller } from './router.ts'

const DAY = '2026-03-02'
const SCOPE = { from: DAY, to: DAY, stores: [], currency: 'EUR' }

let database: TestDatabase
let serving: Serving

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url, { demoNote: 'A demo.' })
  const paths = await createTestPaths(database.sql)
  await paths.send([
    placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  ])
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.send([
    placed({ id: 'o-2', at: `${DAY}T10:01:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  ])
  await paths.stream()
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

describe('the API', () => {
  it('says what there is to choose from', async () => {
    const overview = await createCaller({ serving, person: null }).overview.get()
    expect(overview).toMatchObject({
      currencies: ['EUR', 'INR', 'USD'],
      firstDay: DAY,
      lastDay: DAY,
      events: 2,
      demoNote: 'A demo.',
    })
    expect(overview.stores.map(({ store }) => store)).toEqual([
      'berlin',
      'berlin-west',
      'kolkata',
      'new-york',
    ])
  })

  it('answers both paths side by side, and the events between them', async () => {
    const api = createCaller({ serving, person: null })
    const answer = await api.sideBySide.get(SCOPE)
    expect(answer.metrics[0]).toMatchObject({
      metric: 'net',
      batch: '2.5000',
      stream: '5.0000',
      unexplained: '0.0000',
    })
    const page = await api.sideBySide.events({ scope: SCOPE, cause: 'after-batch' })
    expect(page).toMatchObject({ metric: 'net', events: [{ id: 'o-2', effect: '2.5000' }], nextCursor: null })
  })

  it('says how fresh each path is, in events and in time', async () => {
    const freshness = await createCaller({ serving, person: null }).freshness.get()
    expect(freshness.batch).toMatchObject({ lagEvents: 1, heartbeatAt: null, dirtyStoreDays: 0 })
    expect(freshness.batch.lagMs).toBeGreaterThanOrEqual(0)
    expect(freshness.batch.jobs.map(({ job, lastState }) => [job, lastState])).toEqual([
      ['daily_product_sales', 'succeeded'],
      ['daily_sales', 'succeeded'],
      ['hourly_sales', 'succeeded'],
    ])
    expect(freshness.stream).toMatchObject({ generation: 1, lagEvents: 0, lagMs: 0 })
    expect(freshness.stream.partitions).toHaveLength(4)
  })

  it('lists findings page by page', async () => {
    await database.sql`
      insert into recon.findings (run_id, kind, path, relation, row_key, metric, stored, expected)
      select 1, 'audit row', 'stream', 'stream.windows', '{"store": "berlin"}', 'gross', i, 0 from generate_series(1, 3) i`
    const api = createCaller({ serving, person: null })
    const first = await api.findings.list({ limit: 2 })
    expect(first.findings.map(({ stored }) => stored)).toEqual(['3', '2'])
    expect(first.findings[0]).toMatchObject({ rowKey: { store: 'berlin' }, foundAt: expect.any(Number) })
    const second = await api.findings.list({ limit: 2, cursor: first.nextCursor })
    expect(second).toMatchObject({ findings: [{ stored: '1' }], nextCursor: null })
    expect((await api.findings.list()).findings).toHaveLength(3)
  })
})

describe('every answer', () => {
  it('is plain JSON: a browser is sent what a page on the server is given', async () => {
    const api = createCaller({ serving, person: null })
    const answers = await Promise.all([
      api.overview.get(),
      api.sideBySide.get(SCOPE),
      api.sideBySide.events({ scope: SCOPE, cause: 'after-batch' }),
      api.freshness.get(),
      api.findings.list(),
      api.live.board({ stores: [] }),
      api.live.topProducts({ stores: [], minutes: 60 }),
      api.live.sessions({ stores: [], currency: 'EUR' }),
      api.live.pairs({ stores: [] }),
      api.reports.get({ view: 'sales', from: DAY, to: DAY, currency: 'EUR' }),
      api.restock.alerts({ stores: [] }),
      api.restock.resolved({ scope: { stores: [] } }),
      api.restock.proposals({ stores: [] }),
      api.pipeline.flow(),
      api.pipeline.sources(),
      api.pipeline.jobs.list(),
      api.pipeline.jobs.grid(),
      api.pipeline.jobs.cell({ job: 'daily_sales', period: DAY }),
      api.pipeline.jobs.runs(),
      api.pipeline.jobs.requests(),
      api.pipeline.letters.list(),
      api.pipeline.reconciliations(),
      api.pipeline.completeness(),
      api.pipeline.generations.board(),
      api.pipeline.scenarios.board(),
    ])
    for (const answer of answers) {
      expect(JSON.parse(JSON.stringify(answer))).toStrictEqual(structuredClone(answer))
    }
  })
})

describe('an error of the API', () => {
  async function get(
    path: string,
    input: unknown,
    context: { serving: Serving; person: null } = { serving, person: null },
  ) {
    const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`
    const url = `http://localhost/api/trpc/${path}${query}`
    const response = await fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request(url),
      router: appRouter,
      createContext: () => context,
    })
    const body = (await response.json()) as { error: { message: string } }
    return { status: response.status, message: body.error.message }
  }

  it('says in a sentence what is wrong with a question', async () => {
    const { status, message } = await get('sideBySide.get', { ...SCOPE, to: '2026-02-01' })
    expect(status).toBe(400)
    expect(message).toContain(`"to" (2026-02-01) lies before "from" (${DAY})`)
    const cursor = await get('sideBySide.events', { scope: SCOPE, cause: 'after-batch', cursor: 'x' })
    expect(cursor).toMatchObject({ status: 400, message: expect.stringContaining('start again without it') })
  })

  it('says what to do when it takes too long', async () => {
    const [locked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holding = database.sql.begin(async sql => {
      await sql`lock table ref.stores in access exclusive mode`
      locked.resolve()
      await answered.promise
    })
    await locked.promise
    const hurried = openServing(database.url, { longestStatementMs: 100 })
    const answer = await get('overview.get', undefined, { serving: hurried, person: null })
    answered.resolve()
    await Promise.all([holding, hurried.close()])
    expect(answer).toMatchObject({ status: 503, message: expect.stringContaining('ask for fewer days') })
  })

  it('is given up after half a minute, so that nobody waits for a connection for ever', async () => {
    const [session] = await serving.sql`select current_setting('statement_timeout') as longest`
    expect(session).toEqual({ longest: '30s' })
  })

  it('says what to do when the database is away', async () => {
    const away = openServing('postgres://nobody@127.0.0.1:1/nowhere')
    for (const [path, input] of [
      ['overview.get', undefined],
      ['sideBySide.get', SCOPE],
      ['findings.list', {}],
    ] as const) {
      const { status, message } = await get(path, input, { serving: away, person: null })
      expect({ path, status }).toEqual({ path, status: 503 })
      expect(message).toContain('Check that Postgres runs')
    }
    await away.close()
  })
})
