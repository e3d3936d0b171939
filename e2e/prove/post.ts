import { gzipSync } from 'node:zlib'
import type { SentEvent } from '#domain/event.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import type { Stack } from '#e2e/stack/stack.ts'
import { pause } from '#platform/time.ts'
import type { Path } from './plan.ts'

/** A process that is asked while it is away is asked again; past this it will not come back. */
export const PATIENCE_MS = 60_000

/** Sends until there is an answer, as a till does: no connection and "not now" are asked again. */
export async function insist(
  url: string,
  init: RequestInit,
): Promise<{ status: number; answer: unknown; retries: number }> {
  const until = performance.now() + PATIENCE_MS
  for (let retries = 0; ; retries += 1) {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }).catch(() => null)
    const text = await response?.text().catch(() => null)
    if (response && text != null && ![429, 502, 503, 504].includes(response.status))
      return { status: response.status, answer: parsed(text), retries }
    if (performance.now() > until)
      return { status: response?.status ?? 0, answer: text ?? 'no answer', retries }
    await pause(60)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function requestOf(way: Path, events: readonly SentEvent[], stack: Stack): [string, RequestInit] {
  const intake = `${stack.intakeUrl}/api/v1/events`
  const json = JSON.stringify(way === 'one by one' ? events[0] : events)
  const lines = events.map(event => JSON.stringify(event)).join('\n')
  switch (way) {
    case 'ndjson':
      return [intake, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: lines }]
    case 'gzip':
      return [
        intake,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
          body: gzipSync(json),
        },
      ]
    default:
      return [
        way === 'dashboard' ? `${stack.url}/api/v1/events` : intake,
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: json },
      ]
  }
}

/** Something no till should send, with the status it must get. It never reaches the log. */
export function garbageOf(draw: number): { body: string; type: string; status: number } {
  const random = seededRandom(draw)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const json = 'application/json'
  const order = {
    source: 'garbage',
    id: `g-${draw}`,
    type: 'order.placed',
    store: 'berlin',
    channel: 'pos',
    eventTime: new Date().toISOString(),
    orderId: 'g',
    currency: 'EUR',
    lines: [{ sku: 'sku-0', units: 1, unitPrice: '1.00' }],
  }
  const broken = (fields: object) => ({
    body: JSON.stringify({ ...order, ...fields }),
    type: json,
    status: 422,
  })
  return pick([
    { body: '{"source": "till', type: json, status: 400 },
    { body: '', type: json, status: 400 },
    { body: 'hello', type: 'text/plain', status: 415 },
    { body: JSON.stringify(order).replace('{', '{"__proto__": {"type": "x"}, '), type: json, status: 422 },
    broken({ store: 'nowhere' }),
    broken({ id: 'nul\u0000' }),
    broken({ orderId: '\ud800' }),
    broken({ type: 'order.eaten' }),
    broken({ eventTime: '2026-02-30T10:00:00Z' }),
    broken({ eventTime: '0000-01-01T00:00:00Z' }),
    broken({ lines: [] }),
    broken({ lines: [{ sku: 'sku-0', units: 1e9, unitPrice: '1.00' }] }),
    broken({ lines: [{ sku: 'sku-0', units: 1, unitPrice: '1.23456' }] }),
    broken({ lines: [{ sku: 'sku-0', units: 1, unitPrice: '-1' }] }),
    broken({ surprise: true }),
    broken({ tenders: [{ type: 'cash', amount: '0.99' }] }),
    broken({ type: 'till.closed' }),
    { body: `${JSON.stringify(5)}\n{"a"\n`, type: 'application/x-ndjson', status: 422 },
  ])
}
