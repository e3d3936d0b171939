import type { BusinessDay } from '#domain/calendar.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Entry } from './plant-into.ts'
import { PLANT_KINDS, type Plant } from './plants.ts'
import type { RaisedAlert } from './play-rules.ts'

export interface RuleRecord {
  alerts: number
  /** Of what was planted for it, or of an outage that the world has by itself. */
  rightly: number
  planted: number
  found: number
  /** Minutes from the beginning of each plant that was found until people heard of it. */
  minutes: number[]
}

/** A till whose line was down: until it was back nothing came, and whoever says so is right. */
export interface Outage {
  store: string
  from: Instant
  to: Instant
}

/** What ends is told of for so long. */
const GRACE_MS = 30 * MINUTE_MS
/** Nobody calls a minute an outage. */
const LEAST_OUTAGE_MS = 8 * MINUTE_MS

/** Holds what rules found against what was planted. @param from what was raised before does not count */
export function judgeAlerts(
  raised: readonly RaisedAlert[],
  { plants, outages, from }: { plants: readonly Plant[]; outages: readonly Outage[]; from: Instant },
): Map<string, RuleRecord> {
  const records = new Map<string, RuleRecord>()
  const recordOf = (rule: string) => {
    const record = records.get(rule) ?? { alerts: 0, rightly: 0, planted: 0, found: 0, minutes: [] }
    records.set(rule, record)
    return record
  }
  const found = new Map<Plant, Instant>()
  for (const { alert, raisedAt } of raised) {
    if (alert.openedAt < from) continue
    const record = recordOf(alert.rule)
    record.alerts += 1
    const known = plants.filter(plant => tells(plant, alert))
    for (const plant of known) {
      if (PLANT_KINDS[plant.kind].rule !== alert.rule) continue
      found.set(plant, Math.min(raisedAt, found.get(plant) ?? raisedAt))
    }
    const isOutage =
      alert.kind !== 'fraud' &&
      outages.some(
        one => one.store === alert.store && alert.openedAt >= one.from && alert.openedAt <= one.to + GRACE_MS,
      )
    if (known.length > 0 || isOutage) record.rightly += 1
  }
  for (const plant of plants) {
    const record = recordOf(PLANT_KINDS[plant.kind].rule)
    record.planted += 1
    const at = found.get(plant)
    if (at === undefined) continue
    record.found += 1
    record.minutes.push((at - plant.from) / MINUTE_MS)
  }
  return records
}

function tells(
  { kind, shop, register, from, to, others: also = [], sku }: Plant,
  alert: RaisedAlert['alert'],
): boolean {
  if (alert.openedAt < from || alert.openedAt > to + GRACE_MS) return false
  // Its store is the one where it stands out most.
  if (kind === 'sells everywhere') {
    const isThere = [shop, ...also].some(({ id }) => id === alert.store)
    return isThere && (alert.rule !== PLANT_KINDS[kind].rule ? isOther(kind, alert) : alert.subject === sku)
  }
  if (alert.store !== shop.id) return false
  const { rule } = PLANT_KINDS[kind]
  if (isOther(kind, alert)) return true
  if (alert.rule !== rule) return false
  // What is planted carries its name: another customer's burst at the same time is not what was planted.
  if (alert.kind === 'fraud') return alert.receipts.some(({ id }) => id.startsWith('planted-'))
  if (kind === 'decimal slipped') return alert.subject.startsWith('planted-')
  return kind !== 'silent till' || alert.subject === register
}

/** Whether another rule may say so, too. */
function isOther(kind: Plant['kind'], { rule }: RaisedAlert['alert']): boolean {
  return (PLANT_KINDS[kind].others as readonly string[]).includes(rule)
}

/** Outages that the world has by itself, from what arrived late. */
export function outagesOf(entries: readonly Entry[]): Outage[] {
  const outages = new Map<string, Outage>()
  for (const { event, appendedAt } of entries) {
    if (event.class !== 'live' || appendedAt - event.eventTime < LEAST_OUTAGE_MS) continue
    const key = `${event.source} ${event.businessDay satisfies BusinessDay}`
    const known = outages.get(key)
    outages.set(key, {
      store: event.store,
      from: Math.min(known?.from ?? event.eventTime, event.eventTime),
      to: Math.max(known?.to ?? appendedAt, appendedAt),
    })
  }
  return [...outages.values()]
}
