import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, order, post, startTestIntake } from '#server/intake/testing/intake.ts'
import { readFlow } from '#server/serving/pipeline/flow.ts'
import { createIntakeClient, type IntakeClient } from '#server/web/intake.ts'

// What the pipeline's page says of the intake is what the intake can do: a process that runs may yet take nothing.

const INTAKE_KEY = 'secret-1'

let database: TestDatabase
let intake: IntakeService
const opened: IntakeClient[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  // Beyond loopback it asks for its key, for this too.
  intake = await startTestIntake(database.url, {
    host: '0.0.0.0',
    intakeKey: INTAKE_KEY,
    limits: { answerWithinMs: 500 },
  })
})
afterAll(async () => {
  for (const client of opened) client.close()
  await intake.stop()
  await database.drop()
})

function clientOf({ port = Number(new URL(intake.url).port), intakeKey = INTAKE_KEY } = {}): IntakeClient {
  const client = createIntakeClient({ host: '127.0.0.1', port, intakeKey })
  opened.push(client)
  return client
}

/** What the page says of the intake. */
async function told(client: IntakeClient) {
  return (await readFlow({ sql: database.sql, intake: client })).health.intake
}

test('an intake that answers tills 503 is down on the page, with the part that fails, and ok again after it', async () => {
  const client = clientOf()
  await expect.poll(() => told(client), { timeout: 60_000 }).toEqual({ health: 'ok', why: '' })
  const here = { url: intake.url.replace('0.0.0.0', '127.0.0.1') }
  const send = (id: string) => post(here, order(id), { Authorization: `Bearer ${INTAKE_KEY}` })
  const holder = connect(database.url, { max: 1 })
  await holder.begin(async transaction => {
    // Every partition, by the lock that an append takes.
    await transaction`select pg_advisory_xact_lock(7411, partition) from log.partitions order by partition`
    expect((await send('while-held')).status).toBe(503)
    // A page does not wait for an intake that is slow to answer: until it has, it says what was said last.
    const down = { health: 'down', why: expect.stringMatching(/^is not ready: .*\blog \(/) }
    await expect.poll(() => told(client), { timeout: 60_000 }).toEqual(down)
  })
  await holder.end()
  // On a busy machine it may be told to come again.
  await expect.poll(async () => (await send('after')).status, { timeout: 60_000 }).toBe(200)
  await expect.poll(() => told(client), { timeout: 60_000 }).toEqual({ health: 'ok', why: '' })
})

test('one that is not there, or does not know our key, is down with that', async () => {
  expect(await told(clientOf({ port: 1 }))).toEqual({ health: 'down', why: 'does not answer' })
  expect(await told(clientOf({ intakeKey: 'another' }))).toEqual({
    health: 'down',
    why: 'does not know the key of this dashboard',
  })
})
