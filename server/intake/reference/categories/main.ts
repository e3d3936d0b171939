import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { categories } from './categories.ts'

await runCommand(
  referenceCommand(
    categories,
    `Lists the categories with how many products they have, or puts products into categories by a CSV or JSON file.

  sku,category
  CF0001,Coffee

  [{ "sku": "CF0001", "category": "Coffee" }]

  sku       a product that is known
  category  where it belongs; a new name makes a new category. Reports of all days are told by it, the past too
`,
  ),
)
