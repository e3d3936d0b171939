import { REPORTS, type ReportName } from '#domain/reports.ts'
import { completeness } from './completeness.ts'
import { dailyInventory } from './daily-inventory.ts'
import { dailyReviews } from './daily-reviews.ts'
import { monthlyInventory } from './monthly-inventory.ts'
import { monthlyTenders } from './monthly-tenders.ts'
import { dailyProductSales, monthlyCategorySales, monthlyProductSales } from './product-sales.ts'
import type { Report, ReportDefinition } from './report.ts'
import { dailySales, hourlySales, monthlySales, weeklySales } from './sales.ts'

const DEFINITIONS: Readonly<Record<ReportName, ReportDefinition>> = {
  daily_sales: dailySales,
  hourly_sales: hourlySales,
  daily_product_sales: dailyProductSales,
  daily_inventory: dailyInventory,
  daily_reviews: dailyReviews,
  completeness,
  weekly_sales: weeklySales,
  monthly_sales: monthlySales,
  monthly_product_sales: monthlyProductSales,
  monthly_category_sales: monthlyCategorySales,
  monthly_tenders: monthlyTenders,
  monthly_inventory: monthlyInventory,
}

/** Every report of the catalogue, in its order, with its definition. */
export const DEFINED_REPORTS: readonly Report[] = REPORTS.map(entry => ({
  ...entry,
  ...DEFINITIONS[entry.name],
}))
