import type { UnchangingStore } from '#domain/store.ts'

/** An order as a till sends it. What is left out is as usual as can be. */
export interface TestOrder {
  store: UnchangingStore
  id: string
  /** Epoch ms; now when left out. */
  at?: number
  units?: number
  /** Decimal of at most four places. */
  unitPrice: string
  /** A line of each; one usual product when left out. */
  skus?: readonly string[]
  /** An order of the web shop, in this session of it. */
  session?: string
}

export interface Tills {
  /** Sends orders in one request. @throws when the intake does not accept every one */
  sell(...orders: TestOrder[]): Promise<void>
  /** Takes goods of an order back. */
  takeBack(order: TestOrder & { refund: string }): Promise<void>
}

export function openTills(intakeUrl: string): Tills {
  async function send(events: readonly object[]): Promise<void> {
    const response = await fetch(`${intakeUrl}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
    })
    const answer = await response.text()
    if (response.status !== 200 || !answer.includes(`"accepted":${events.length}`)) {
      throw new Error(`The intake answered ${response.status}: ${answer}`)
    }
  }

  return {
    sell: (...orders) => send(orders.map(placed)),
    takeBack: order => send([returned(order)]),
  }
}

function placed(order: TestOrder): object {
  return {
    ...header(order, 'order.placed'),
    ...(order.session === undefined ? {} : { channel: 'online', session: order.session }),
    lines: (order.skus ?? ['85123A']).map(sku => ({
      sku,
      units: order.units ?? 1,
      unitPrice: order.unitPrice,
    })),
  }
}

function returned(order: TestOrder & { refund: string }): object {
  return {
    ...header(order, 'order.returned'),
    lines: [{ sku: '85123A', units: order.units ?? 1, refund: order.refund }],
  }
}

function header({ store, id, at }: TestOrder, type: string): object {
  return {
    source: `till-${store.id}`,
    id,
    type,
    store: store.id,
    channel: store.channel,
    eventTime: new Date(at ?? Date.now()).toISOString(),
    orderId: id,
    currency: store.currency,
  }
}
