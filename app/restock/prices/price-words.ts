import { formatCount } from '#app/format/number.ts'
import type { RouterInputs } from '#app/trpc/router-outputs.ts'
import type { EffectVerdict } from '#domain/price-hints/price-effect.ts'

/** Why somebody thinks of a price. */
export type PriceKind = RouterInputs['prices']['set']['kind']

export const KIND_TEXTS: Readonly<Record<PriceKind, { chip: string; why: string }>> = {
  dead: { chip: 'No sale in 28 days', why: 'Nothing of it was sold in 28 days.' },
  overstocked: { chip: 'Too much', why: 'What lies there lasts for more than 90 days.' },
  leaving: { chip: 'Kept no more', why: 'The store orders it no more.' },
  'end offer': { chip: 'Sells out on offer', why: 'It is brought down, and gone before the next delivery.' },
  raise: { chip: 'Sells out', why: 'It sells so fast that it is gone before the next delivery.' },
  flash: {
    chip: 'Has stopped to sell',
    why: 'It sells so slowly that a promotion of two days should start.',
  },
  own: { chip: 'Own thought', why: 'A price of your own.' },
}

export const VERDICT_TEXTS: Readonly<
  Record<EffectVerdict, { chip: string; tone: 'plain' | 'good' | 'bad' }>
> = {
  early: { chip: 'too early to say', tone: 'plain' },
  less: { chip: 'less than expected', tone: 'bad' },
  'as expected': { chip: 'as expected', tone: 'good' },
  more: { chip: 'more than expected', tone: 'good' },
}

/** Foreseen units: of few their tenth counts. */
export function unitsText(units: number): string {
  return units < 10 ? units.toFixed(1) : formatCount(Math.round(units))
}
