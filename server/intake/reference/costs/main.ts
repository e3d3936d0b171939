import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { costs } from './costs.ts'

await runCommand(
  referenceCommand(
    costs,
    `Lists who delivers each product and for how much, or adds rows of a CSV or JSON file.

  sku,supplier,validFrom,unitCost,currency,packSize,leadTimeDays
  CF0001,smith-and-sons,2026-12-01,4.25,EUR,6,2

  [{ "sku": "CF0001", "supplier": "smith-and-sons", "validFrom": "2026-12-01", "unitCost": "4.25", "currency": "EUR",
     "packSize": 6, "leadTimeDays": 2 }]

  sku           a product that is known (npm run products)
  supplier      a supplier that is known (npm run suppliers)
  validFrom     a date (midnight in UTC) or an instant; it holds until the next row of the same product (default: now)
  unitCost      of one unit, with at most 4 decimals
  currency      default: the reporting currency
  packSize      units of a pack: only whole ones are sold (default 1)
  leadTimeDays  from an order to its delivery
`,
  ),
)
