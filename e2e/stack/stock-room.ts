import { expect } from '@playwright/test'
import type { UnchangingStore } from '#domain/store.ts'
import { berlin } from '#domain/testing/stores.ts'
import type { Stack } from './stack.ts'

/** Sends an event, as it happens now, of the stock room in Berlin unless it names another store. */
export async function send(
  stack: Stack,
  event: { id: string; type: string; [field: string]: unknown },
): Promise<void> {
  const response = await fetch(`${stack.intakeUrl}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      source: 'stock',
      store: berlin.id,
      eventTime: new Date().toISOString(),
      ...event,
    }),
  })
  expect(await response.json()).toMatchObject({ accepted: 1 })
}

/** Says what lies on the shelves of a store: counts are events as tills send them. */
export async function count(
  stack: Stack,
  shelves: Record<string, number>,
  { id: store }: UnchangingStore = berlin,
): Promise<void> {
  await send(stack, {
    id: `count-${Date.now()}-${store}-${Object.keys(shelves).join('-')}`,
    type: 'stock.counted',
    store,
    lines: Object.entries(shelves).map(([sku, units]) => ({ sku, units })),
  })
}

/** Lets stores order every product that there is: at 5 units, up to 20, in four days, since yesterday. */
export async function orderAtFive(
  { sql }: Stack,
  stores: readonly UnchangingStore[] = [berlin],
): Promise<void> {
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to, lead_time_days)
    select store, sku, now() - interval '1 day', 5, 20, 4
    from ref.products cross join unnest(${stores.map(({ id }) => id)}::text[]) as store`
}

/** Until pages have been told of so many shortages: to a page that is opened from here on they are no news. */
export async function untilTold({ sql }: Stack, shortages: number): Promise<void> {
  await expect
    .poll(async () => {
      const [told] = await sql<{ count: number }[]>`
        select count(distinct alert_id) from notify.messages join notify.deliveries using (delivery)
        where sequence is not null`
      return told?.count
    })
    .toBe(shortages)
}
