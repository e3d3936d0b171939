import type { Report } from '#jobs/run/report.ts'
import { completeness } from './completeness.ts'
import { dailyInventory } from './daily-inventory.ts'
import { dailyProductSales } from './daily-product-sales.ts'
import { dailyReviews } from './daily-reviews.ts'
import { dailySales } from './daily-sales.ts'
import { hourlySales } from './hourly-sales.ts'
import { monthlyCategorySales } from './monthly-category-sales.ts'
import { monthlyInventory } from './monthly-inventory.ts'
import { monthlyProductSales } from './monthly-product-sales.ts'
import { monthlyTenders } from './monthly-tenders.ts'
import { monthlySales, weeklySales } from './period-sales.ts'

/** Every report, in order of dependency: each comes after those it is computed from or checked against. */
export const REPORTS: readonly Report[] = [
  dailySales,
  hourlySales,
  dailyProductSales,
  dailyInventory,
  dailyReviews,
  completeness,
  weeklySales,
  monthlySales,
  monthlyProductSales,
  monthlyCategorySales,
  monthlyTenders,
  monthlyInventory,
]
