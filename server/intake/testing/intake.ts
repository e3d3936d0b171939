import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from '#db/client.ts'
import { silentLogger } from '#platform/logger.ts'
import { type IntakeOptions, type IntakeService, startIntake } from '#server/intake/service.ts'
import { storeSchema } from '#server/intake/stores/store-definition.ts'
import { addStores } from '#server/intake/stores/stores.ts'

/** Stores of the tests; `berlin` and `hamburg` lie in different partitions. */
export const TEST_STORES = [
  { id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' },
  { id: 'hamburg', name: 'Hamburg', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' },
  {
    id: 'new-york',
    name: 'New York',
    zone: 'America/New_York',
    cutOverHour: 4,
    currency: 'USD',
    taxInclusive: false,
  },
].map(store => storeSchema.parse(store))

export async function addTestStores(databaseUrl: string): Promise<void> {
  const sql = connect(databaseUrl, { max: 1 })
  await addStores(sql, TEST_STORES)
  await sql.end()
}

/** A real intake on a port of its own, with a silent log. */
export async function startTestIntake(
  databaseUrl: string,
  options: Partial<IntakeOptions> = {},
): Promise<IntakeService> {
  return startIntake({
    databaseUrl,
    host: '127.0.0.1',
    port: 0,
    intakeKey: undefined,
    dropDir: undefined,
    logger: silentLogger(),
    ...options,
  })
}

/** An order as a till sends it, a minute ago. */
export function order(id: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    source: 'till-1',
    id,
    type: 'order.placed',
    store: 'berlin',
    channel: 'pos',
    eventTime: new Date(Date.now() - 60_000).toISOString(),
    orderId: id,
    currency: 'EUR',
    lines: [{ sku: 'tea', units: 2, unitPrice: '2.555', discount: '0.10' }],
    ...fields,
  }
}

export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** Posts events as JSON, or a body as it is. */
export async function post(
  intake: { url: string },
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(`${intake.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: raw ? (body as BodyInit) : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

/** Sends only the head of a request, and tells the first answer: for what is refused before its body. */
export async function postHead(
  intake: { url: string },
  headers: Record<string, string | number>,
): Promise<{ status: number; continued: boolean }> {
  const request = httpRequest(`${intake.url}/api/v1/events`, { method: 'POST', headers })
  let continued = false
  request.on('continue', () => {
    continued = true
    request.end('{}')
  })
  request.on('error', () => {})
  request.flushHeaders()
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  response.resume()
  request.destroy()
  return { status: response.statusCode ?? 0, continued }
}
