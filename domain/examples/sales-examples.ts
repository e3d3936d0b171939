import { placed, returned, voided } from '#domain/testing/events.ts'
import type { ExpectedDay, WorkedExample } from './worked-example.ts'

const EMPTY_DAY: Omit<ExpectedDay, 'store' | 'businessDay'> = {
  orders: 0,
  units: 0,
  gross: '0.0000',
  discounts: '0.0000',
  returns: '0.0000',
  net: '0.0000',
  returnDocuments: 0,
  unitsReturned: 0,
  customers: 0,
}

function day(businessDay: string, figures: Partial<ExpectedDay>): ExpectedDay {
  return { store: 'berlin', businessDay, ...EMPTY_DAY, ...figures }
}

const TWO_AT_2_555 = [{ sku: 'tea', units: 2, unitPrice: '2.555', discount: '0.10' }]

export const SALES_EXAMPLES: WorkedExample[] = [
  {
    title: 'An order before the cut-over belongs to the day before',
    events: [
      placed({ id: 'early', at: '2026-03-02T03:30:00+01:00' }, [
        { sku: 'tea', units: 1, unitPrice: '12.50' },
      ]),
      placed({ id: 'open', at: '2026-03-02T04:00:00+01:00' }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }]),
    ],
    daily: [
      day('2026-03-01', { orders: 1, units: 1, gross: '12.5000', net: '12.5000' }),
      day('2026-03-02', { orders: 1, units: 1, gross: '1.0000', net: '1.0000' }),
    ],
  },
  {
    title: 'Prices of three decimals stay exact: 2 × 2.555 − 0.10 is 5.0100',
    events: [placed({ id: 'o-1', at: '2026-03-02T10:00:00+01:00', customer: 'c-1' }, TWO_AT_2_555)],
    daily: [
      day('2026-03-02', {
        orders: 1,
        units: 2,
        gross: '5.1100',
        discounts: '0.1000',
        net: '5.0100',
        customers: 1,
      }),
    ],
    windows: [{ store: 'berlin', windowStart: '2026-03-02T09:00:00Z', orders: 1, net: '5.0100' }],
  },
  {
    title: 'A void takes its order back in the day, and shows as its negative in its own minute',
    events: [
      placed({ id: 'o-1', at: '2026-03-02T10:00:00+01:00', customer: 'c-1' }, TWO_AT_2_555),
      voided({ id: 'v-1', orderId: 'o-1', at: '2026-03-02T10:05:00+01:00', customer: 'c-1' }, TWO_AT_2_555),
    ],
    daily: [day('2026-03-02', {})],
    windows: [
      { store: 'berlin', windowStart: '2026-03-02T09:00:00Z', orders: 1, net: '5.0100' },
      { store: 'berlin', windowStart: '2026-03-02T09:05:00Z', orders: -1, net: '-5.0100' },
    ],
  },
  {
    title: 'A return counts on its own day; the order it belongs to stays',
    events: [
      placed({ id: 'o-1', at: '2026-03-02T10:00:00+01:00', customer: 'c-1' }, [
        { sku: 'tea', units: 2, unitPrice: '2.505' },
      ]),
      returned({ id: 'r-1', at: '2026-03-03T11:00:00+01:00' }, [{ sku: 'tea', units: 1, refund: '2.505' }]),
    ],
    daily: [
      day('2026-03-02', { orders: 1, units: 2, gross: '5.0100', net: '5.0100', customers: 1 }),
      day('2026-03-03', { returns: '2.5050', net: '-2.5050', returnDocuments: 1, unitsReturned: 1 }),
    ],
  },
  {
    title: 'A customer who comes twice a day is one customer',
    events: [
      placed({ id: 'o-1', at: '2026-03-02T10:00:00+01:00', customer: 'c-1' }, [
        { sku: 'tea', units: 1, unitPrice: '1' },
      ]),
      placed({ id: 'o-2', at: '2026-03-02T18:00:00+01:00', customer: 'c-1' }, [
        { sku: 'tea', units: 1, unitPrice: '1' },
      ]),
      placed({ id: 'o-3', at: '2026-03-02T18:00:00+01:00' }, [{ sku: 'tea', units: 1, unitPrice: '1' }]),
    ],
    daily: [day('2026-03-02', { orders: 3, units: 3, gross: '3.0000', net: '3.0000', customers: 1 })],
  },
]

export const CLOCK_CHANGE_EXAMPLES: WorkedExample[] = [
  {
    title: 'In autumn 02:30 comes twice: one business day, two windows and two hours',
    events: [
      placed({ id: 'first', at: '2026-10-25T02:30:00+02:00' }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }]),
      placed({ id: 'second', at: '2026-10-25T02:30:00+01:00' }, [
        { sku: 'tea', units: 1, unitPrice: '2.00' },
      ]),
    ],
    daily: [day('2026-10-24', { orders: 2, units: 2, gross: '3.0000', net: '3.0000' })],
    hourly: [
      {
        store: 'berlin',
        businessDay: '2026-10-24',
        hourStart: '2026-10-25T00:00:00Z',
        orders: 1,
        gross: '1.0000',
      },
      {
        store: 'berlin',
        businessDay: '2026-10-24',
        hourStart: '2026-10-25T01:00:00Z',
        orders: 1,
        gross: '2.0000',
      },
    ],
    windows: [
      { store: 'berlin', windowStart: '2026-10-25T00:30:00Z', orders: 1, net: '1.0000' },
      { store: 'berlin', windowStart: '2026-10-25T01:30:00Z', orders: 1, net: '2.0000' },
    ],
  },
  {
    title: 'In spring the hour from 02:00 does not exist: the sale after 01:59 is at 03:00',
    events: [
      placed({ id: 'last', at: '2026-03-29T01:59:59+01:00' }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }]),
      placed({ id: 'next', at: '2026-03-29T03:00:00+02:00' }, [{ sku: 'tea', units: 1, unitPrice: '2.00' }]),
      placed({ id: 'new-day', at: '2026-03-29T04:00:00+02:00' }, [
        { sku: 'tea', units: 1, unitPrice: '4.00' },
      ]),
    ],
    daily: [
      day('2026-03-28', { orders: 2, units: 2, gross: '3.0000', net: '3.0000' }),
      day('2026-03-29', { orders: 1, units: 1, gross: '4.0000', net: '4.0000' }),
    ],
    hourly: [
      {
        store: 'berlin',
        businessDay: '2026-03-28',
        hourStart: '2026-03-29T00:00:00Z',
        orders: 1,
        gross: '1.0000',
      },
      {
        store: 'berlin',
        businessDay: '2026-03-28',
        hourStart: '2026-03-29T01:00:00Z',
        orders: 1,
        gross: '2.0000',
      },
      {
        store: 'berlin',
        businessDay: '2026-03-29',
        hourStart: '2026-03-29T02:00:00Z',
        orders: 1,
        gross: '4.0000',
      },
    ],
  },
  {
    title: 'New York changes its clocks on other days than Berlin',
    events: [
      placed({ id: 'first', at: '2026-11-01T01:30:00-04:00', store: 'new-york' }, [
        { sku: 'tea', units: 1, unitPrice: '1.00' },
      ]),
      placed({ id: 'second', at: '2026-11-01T01:30:00-05:00', store: 'new-york' }, [
        { sku: 'tea', units: 1, unitPrice: '2.00' },
      ]),
    ],
    daily: [
      { ...day('2026-10-31', { orders: 2, units: 2, gross: '3.0000', net: '3.0000' }), store: 'new-york' },
    ],
    hourly: [
      {
        store: 'new-york',
        businessDay: '2026-10-31',
        hourStart: '2026-11-01T05:00:00Z',
        orders: 1,
        gross: '1.0000',
      },
      {
        store: 'new-york',
        businessDay: '2026-10-31',
        hourStart: '2026-11-01T06:00:00Z',
        orders: 1,
        gross: '2.0000',
      },
    ],
  },
  {
    title: 'An hour of a half-hour zone begins at half past in UTC',
    events: [
      placed({ id: 'o-1', at: '2026-06-01T10:10:00+05:30', store: 'kolkata' }, [
        { sku: 'tea', units: 1, unitPrice: '10' },
      ]),
      placed({ id: 'o-2', at: '2026-06-01T10:50:00+05:30', store: 'kolkata' }, [
        { sku: 'tea', units: 1, unitPrice: '10' },
      ]),
    ],
    windows: [
      { store: 'kolkata', windowStart: '2026-06-01T04:40:00Z', orders: 1, net: '10.0000' },
      { store: 'kolkata', windowStart: '2026-06-01T05:20:00Z', orders: 1, net: '10.0000' },
    ],
    hourly: [
      {
        store: 'kolkata',
        businessDay: '2026-06-01',
        hourStart: '2026-06-01T04:30:00Z',
        orders: 2,
        gross: '20.0000',
      },
    ],
  },
]
