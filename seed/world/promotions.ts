import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { DAY_MS } from '#domain/instant.ts'
import { PRODUCTS_PER_CATEGORY } from './catalogue.ts'
import { CATEGORIES } from './categories.ts'
import { createRandom, type Random } from './random.ts'
import { isBlackFriday } from './seasons.ts'

/** Goods that are cheaper for a while, in all stores. */
export interface Promotion {
  /** What the shop window says. */
  title: string
  /** Indexes of products. */
  products: readonly number[]
  /** Off the shelf price, as a fraction. */
  discount: number
}

const CATEGORY_PROMOTION = { chance: 0.75, discounts: [0.1, 0.15, 0.2] }
const OFFERS_A_WEEK = 6
const OFFER_DISCOUNTS = [0.2, 0.25, 0.33]
/** November sales: the weeks in which everybody has them. */
const BLACK_WEEK = { from: '11-20', to: '11-30', categories: 4, discount: 0.25 }

/** What is on promotion on a day: weeks from Monday to Sunday, known from the seed and the day alone. */
export function promotionsOn(randomSeed: number, day: BusinessDay): Promotion[] {
  const weekly = promotionsOfWeek(randomSeed, weekOf(day))
  return isBlackWeek(day) ? [...weekly, blackWeek(randomSeed, day.slice(0, 4))] : weekly
}

function promotionsOfWeek(randomSeed: number, week: number): Promotion[] {
  const random = createRandom(randomSeed, 'promotions', String(week))
  const promotions: Promotion[] = []
  if (random.chance(CATEGORY_PROMOTION.chance)) {
    const discount = random.pick(CATEGORY_PROMOTION.discounts)
    const category = drawCategory(random)
    const title = `${CATEGORIES[category]?.name}: ${Math.round(discount * 100)}% off`
    promotions.push({ title, products: productsOfCategory(category), discount })
  }
  promotions.push({
    title: 'Offers of the week',
    products: Array.from({ length: OFFERS_A_WEEK }, () =>
      random.integer(0, CATEGORIES.length * PRODUCTS_PER_CATEGORY - 1),
    ),
    discount: random.pick(OFFER_DISCOUNTS),
  })
  return promotions
}

function blackWeek(randomSeed: number, year: string): Promotion {
  const random = createRandom(randomSeed, 'black week', year)
  const categories = new Set(Array.from({ length: BLACK_WEEK.categories }, () => drawCategory(random)))
  return {
    title: 'Black week',
    products: [...categories].flatMap(productsOfCategory),
    discount: BLACK_WEEK.discount,
  }
}

/** A promotion with its days, as reference data tells of it. */
export interface AnnouncedPromotion {
  /** A name of its own, such as 'offers-of-the-week-2026-11-16'. */
  id: string
  title: string
  firstDay: BusinessDay
  lastDay: BusinessDay
  /** Null: more is bought that day, and nothing is cheaper for it. */
  discount: number | null
  /** Indexes of products; null: of all. */
  products: readonly number[] | null
}

/** Days on which all shops are full whatever they offer. */
const GREAT_DAYS: readonly { title: string; isOn(day: BusinessDay): boolean }[] = [
  { title: 'Black Friday', isOn: isBlackFriday },
  { title: 'Christmas shopping', isOn: day => day.slice(5) >= '12-18' && day.slice(5) <= '12-23' },
]

/** The promotions that begin between two days, both included, and those that run on the first of them. */
export function announcedPromotions(
  randomSeed: number,
  { from, to }: { from: BusinessDay; to: BusinessDay },
): AnnouncedPromotion[] {
  const announced: AnnouncedPromotion[] = []
  const add = (promotion: Omit<AnnouncedPromotion, 'id'>) => {
    const name = promotion.title
      .toLowerCase()
      .replace(/[^a-z]+/g, '-')
      .replace(/-$/, '')
    announced.push({ ...promotion, id: `${name}-${promotion.firstDay}` })
  }
  for (let week = weekOf(from); mondayOf(week) <= to; week += 1) {
    const days = { firstDay: mondayOf(week), lastDay: addDays(mondayOf(week), 6) }
    for (const promotion of promotionsOfWeek(randomSeed, week)) add({ ...promotion, ...days })
  }
  const spans = [
    ...GREAT_DAYS.map(({ title, isOn }) => ({
      isOn,
      told: () => ({ title, discount: null, products: null }),
    })),
    { isOn: isBlackWeek, told: (day: BusinessDay) => blackWeek(randomSeed, day.slice(0, 4)) },
  ]
  for (const { isOn, told } of spans) {
    for (let day = from; day <= to; day = addDays(day, 1)) {
      if (!isOn(day)) continue
      let lastDay = day
      while (isOn(addDays(lastDay, 1))) lastDay = addDays(lastDay, 1)
      add({ ...told(day), firstDay: day, lastDay })
      day = lastDay
    }
  }
  return announced
}

function isBlackWeek(day: BusinessDay): boolean {
  return day.slice(5) >= BLACK_WEEK.from && day.slice(5) <= BLACK_WEEK.to
}

/** Weeks since 1970, from Monday: 1970-01-01 was a Thursday. */
function weekOf(day: BusinessDay): number {
  return Math.floor((Date.parse(`${day}T00:00:00Z`) / DAY_MS + 3) / 7)
}

function mondayOf(week: number): BusinessDay {
  return addDays('1970-01-01', 7 * week - 3)
}

/** The indexes of a category's products. */
export function productsOfCategory(category: number): number[] {
  return Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, place) => category * PRODUCTS_PER_CATEGORY + place)
}

function drawCategory(random: Random): number {
  return random.integer(0, CATEGORIES.length - 1)
}
