import Link from 'next/link'
import type { ReactNode } from 'react'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, NO_FIGURE, plural } from '#app/format/number.ts'
import { formatAge, formatTime } from '#app/format/time.ts'
import { areOfLikeMoment, changeText, coverageOf, dayByStore, sumWindows } from '#app/live/recent-sales.ts'
import { NO_MUTES, waitingAlerts } from '#app/shell/alerts.ts'
import { useSeenOverview } from '#app/shell/overview.ts'
import type { Freshness } from '#app/socket/freshness.ts'
import { useLive } from '#app/socket/live.tsx'
import { hasBegun } from '#app/socket/live-state.ts'
import { useKnownUpTo } from '#app/socket/use-freshness.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { BasisPopover, type PathBasis, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, Skeleton } from '#app/ui/card.tsx'
import { DemoChip, PathMarker } from '#app/ui/marks.tsx'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { type Amount, formatAmount } from '#domain/money.ts'
import { countByRule } from '#domain/notify/words.ts'
import { isCovered } from '#domain/shortage.ts'
import { windowStartOf } from '#domain/window.ts'

/** Minutes of the pace: few enough to feel a rush, enough not to jump with every order. */
const PACE_MINUTES = 5

/**
 * The shop at a glance, from the stream: every figure moves with the sales. "Now" is the moment up to which the stream's
 * figures are known: a minute that nobody has told of is not a minute without a sale.
 */
export function Tiles({
  board,
  freshness,
  scope: { stores, currency, zone },
  currencies,
}: {
  board: RouterOutputs['live']['board']
  freshness: Freshness
  scope: SalesScope
  currencies: readonly string[]
}) {
  const { state } = useLive()
  const knownUpTo = useKnownUpTo()
  const isKnown = hasBegun(state) && knownUpTo !== null
  const now = knownUpTo ?? board.knownUpTo
  const windows = [...state.windows.values()]
  const basis = streamBasisOf({ ...board.basis, watermark: state.watermark ?? board.basis.watermark }, zone)
  const thisMinute = windowStartOf(now)
  const back = (minutes: number) => thisMinute - minutes * MINUTE_MS
  const span = (code: string, from: number, to: number) =>
    sumWindows(windows, { stores, currency: code, from: back(from), to: back(to) })
  const others = (amountIn: (code: string) => Amount) =>
    currencies
      .filter(code => code !== currency)
      .map(code => ({ unit: code, value: isKnown ? money(amountIn(code), code) : '–' }))

  const days = dayByStore(board, windows)
  const ofCurrency = (code: string) => {
    const inCurrency = days.filter(day => day.currency === code)
    return {
      coverage: coverageOf(inCurrency, board),
      today: total(inCurrency.map(day => day.today.net)),
      weekAgo: total(inCurrency.map(day => day.weekAgo.net)),
      weekAgoMinutes: total(inCurrency.map(day => day.weekAgoMinutes)),
    }
  }
  const day = ofCurrency(currency)
  const lastMinute = span(currency, 1, 0).net
  const usualMinute = Math.round(span(currency, 16, 1).net / 15)
  const lastQuarter = span(currency, 15, 0).net
  const ordersIn = (minutes: number) => total(currencies.map(code => span(code, minutes, 0).orders))
  const pace = ordersIn(PACE_MINUTES) / PACE_MINUTES
  const compared = (value: Amount, weekAgo: Amount, speed: number) => {
    if (speed !== 1) {
      return (
        <>
          <DemoChip speed={speed} /> {money(weekAgo, currency)} a week ago
        </>
      )
    }
    return areOfLikeMoment(now, board)
      ? changeText({ value, weekAgo }, day.coverage, amount => money(amount, currency))
      : `not compared: the week before was read at ${formatTime(board.knownUpTo, zone)}`
  }
  const isInScope = ({ store }: { store: string }) => stores.length === 0 || stores.includes(store)
  const inScope = waitingAlerts(state.alerts, now, useSeenOverview('mutes') ?? NO_MUTES).filter(isInScope)
  const onTheirWay = [...state.alerts.values()].filter(alert => isInScope(alert) && isCovered(alert)).length

  return (
    <div className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2 md:grid-cols-3 xl:grid-cols-6">
      <Tile
        title="Last minute"
        unit={currency}
        definition="Net sales of the last full minute, by the time of the sale. Compared with the mean of the 15 minutes before it."
        basis={basis}
        value={isKnown ? money(lastMinute, currency) : null}
        compared={
          isKnown
            ? `${formatTime(back(1), zone)}; mean of the 15 minutes before ${money(usualMinute, currency)}`
            : null
        }
        others={others(code => span(code, 1, 0).net)}
      />
      <Tile
        title="Last 15 min"
        unit={currency}
        definition="Net sales of the last 15 full minutes. Compared with the 15 minutes before the like moment a week ago, at the same time on each store's clocks."
        basis={basis}
        value={isKnown ? money(lastQuarter, currency) : null}
        compared={isKnown ? compared(lastQuarter, day.weekAgoMinutes, board.demoSpeeds.minutes) : null}
        others={others(code => span(code, 15, 0).net)}
      />
      <Tile
        title="Today so far"
        unit={currency}
        definition="Net sales of each store's business day so far. Compared with the same weekday a week ago up to the same time on each store's clocks, where all of its store-days are on file; a store that sends its day in a file is compared as far as its file goes."
        basis={basis}
        value={isKnown ? money(day.today, currency) : null}
        compared={isKnown ? compared(day.today, day.weekAgo, board.demoSpeeds.today) : null}
        others={others(code => ofCurrency(code).today)}
      />
      <Tile
        title="Orders a minute"
        definition={`Orders placed less orders voided of the last ${PACE_MINUTES} full minutes, by the minute, in every currency. Compared with the mean of the last hour.`}
        basis={basis}
        value={isKnown ? pace.toFixed(1) : null}
        compared={isKnown ? `mean of the last hour ${(ordersIn(60) / 60).toFixed(1)}` : null}
      />
      <Tile
        title="Open alerts"
        definition="Shortages that need somebody: of a product in a store nothing is left, more was sold than there was, or the reorder point is reached; too little is on order to end that, and nobody has acknowledged or snoozed it."
        basis={basis}
        value={isKnown ? (board.stock.known === 0 ? NO_FIGURE : formatCount(inScope.length)) : null}
        compared={
          isKnown ? (
            <Link href="/restock" className="underline underline-offset-2 hover:text-text">
              {inScope.length > 0 ? countByRule(inScope) : noAlertText(board.stock, onTheirWay)}
            </Link>
          ) : null
        }
      />
      <BehindTile freshness={freshness} basis={basis} watermark={state.watermark} zone={zone} />
    </div>
  )
}

/** No open alert means enough stock only where the stock is known, and nothing short is on its way. */
function noAlertText(
  { known, unknown }: RouterOutputs['live']['board']['stock'],
  onTheirWay: number,
): string {
  if (known === 0) return 'no stock is known'
  if (onTheirWay > 0) return `${plural(onTheirWay, 'shortage')} on the way`
  if (unknown === 0) return 'nothing to restock'
  return `none of ${formatCount(known)} known; stock of ${formatCount(unknown)} unknown`
}

/** Counts on from what was last known: a stream that says nothing is not a stream that has read everything. */
function BehindTile({
  freshness: { level, state, detail, knownUpTo, serverNow },
  basis,
  watermark,
  zone,
}: {
  freshness: Freshness
  basis: PathBasis
  watermark: Instant | null
  zone: string
}) {
  const isKnown = knownUpTo !== null && serverNow !== null
  return (
    <Tile
      title="Behind"
      definition="How old these figures are: the age of the oldest event that the log holds and the stream has not read, or the time since the server last said that there is none. The watermark says up to which moment of selling the stream expects nothing more; it stays 30 s behind the newest sale on purpose, so that sales may come out of order."
      basis={basis}
      value={isKnown ? formatAge(serverNow - knownUpTo) : null}
      compared={
        isKnown
          ? `${level === 'fresh' ? detail : state}; ${
              watermark === null
                ? 'no watermark yet'
                : `watermark ${formatTime(watermark, zone, { seconds: true })}`
            }`
          : null
      }
    />
  )
}

function money(amount: Amount, currency: string): string {
  return formatMoney(formatAmount(amount), currency)
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** One figure of the stream, large, with what it is compared to and what it rests on. */
function Tile({
  title,
  unit,
  definition,
  basis,
  value,
  compared,
  others,
}: {
  title: string
  unit?: string
  definition: string
  basis: PathBasis
  /** Null while it is not known. */
  value: string | null
  /** Null while it is not known. */
  compared: ReactNode
  /** The same in other currencies, one line each. */
  others?: readonly { unit: string; value: string }[]
}) {
  return (
    <Card
      title={title}
      unit={unit}
      compact
      actions={<BasisPopover title={title} definition={definition} bases={[basis]} />}
    >
      <p className="flex items-center gap-2 text-lg font-semibold tracking-[-0.02em] whitespace-nowrap 2xl:text-figure">
        <PathMarker path="stream" />
        {value ?? <Skeleton className="h-7 w-24" />}
      </p>
      <p className="mt-1 min-h-9 text-2xs text-muted">{compared ?? <Skeleton className="h-4 w-32" />}</p>
      {others && others.length > 0 ? (
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 border-t border-line pt-2 text-2xs">
          {others.map(other => (
            <div key={other.unit} className="contents">
              <dt className="text-muted">{other.unit}</dt>
              <dd className="text-right whitespace-nowrap">{other.value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </Card>
  )
}
