import type { Sql } from '#db/client.ts'

/**
 * Faults that can be planted into an installation, to see that they are found: what a wrong intake, append, stream,
 * batch or change lane would have written, written by a trigger in its place. By name: SQL of the trigger's body.
 */
export const PLANTS = {
  'business day by UTC': log("new.business_day := (new.event_time at time zone 'UTC')::date;"),
  'cut-over ignored': log(
    "new.business_day := (new.event_time at time zone case when new.store like 'berlin%' then 'Europe/Berlin' when new.store = 'new-york' then 'America/New_York' else 'Asia/Kolkata' end)::date;",
  ),
  'one cent more': log("if new.type = 'order.placed' then new.total_gross := new.total_gross + 100; end if;"),
  'discount taken twice': log('new.total_discounts := new.total_discounts * 2;'),
  'void not signed': log("if new.type = 'order.voided' then new.type := 'order.placed'; end if;"),
  'event lost after the answer': log(
    "if new.type = 'review.posted' then new.type := 'tick'; new.class := 'tick'; end if;",
  ),
  'repeated body not recognised': {
    table: 'log.event_keys',
    body: 'new.body_hash := md5(random()::text)::uuid;',
  },
  'late event counted twice': {
    table: 'stream.windows_g1',
    body: 'if new.revision > 0 then new.units := new.units + 1; end if;',
  },
  'lateness forgotten': {
    table: 'stream.windows_g1',
    body: 'new.late_net := 0;',
  },
  'count not taken as it was': {
    table: 'stream.stock_g1',
    body: "if new.anchor_kind = 'count' then new.on_hand := new.on_hand + 1; end if;",
  },
  'alert not raised': {
    table: 'stream.episodes_g1',
    body: "if new.rule = 'oversold' then return null; end if;",
  },
  'changes not told': { table: 'stream.changes_g1', body: "new.windows := '[]';" },
  'returns left out': { table: 'batch.daily_sales', body: 'new.returns := 0;' },
  'a tender miscounted': { table: 'batch.monthly_tenders', body: 'new.amount := new.amount + 1;' },
} as const satisfies Record<string, { table: string; body: string }>

export type PlantName = keyof typeof PLANTS

function log(body: string) {
  return { table: 'log.event_log', body }
}

/** Plants a fault. It stays until the installation ends. */
export async function plant(sql: Sql, name: PlantName): Promise<void> {
  const { table, body } = PLANTS[name]
  await sql.unsafe(`
    create function public.planted_fault() returns trigger language plpgsql as $body$ begin ${body} return new; end $body$;
    create trigger planted_fault before insert or update on ${table} for each row execute function public.planted_fault()`)
}
