import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { products } from './products.ts'

await runCommand(
  referenceCommand(
    products,
    `Lists the products, or adds those of a CSV or JSON file. A product that exists is changed; what is left out stays.

  sku,name,category
  CF0001,Smith espresso beans,Coffee

  [{ "sku": "CF0001", "name": "Smith espresso beans", "category": "Coffee" }]

  sku       the code that events use
  name      what it is called
  category  where it belongs; reports of all days are told by it, the past too
`,
  ),
)
