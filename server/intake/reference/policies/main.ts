import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { policies } from './policies.ts'

await runCommand(
  referenceCommand(
    policies,
    `Lists the stock policies, or adds those of a CSV or JSON file.

  store,sku,validFrom,reorderPoint,orderUpTo,leadTimeDays
  berlin-mitte,CF0001,2026-12-01,12,40,2

  [{ "store": "berlin-mitte", "sku": "CF0001", "validFrom": "2026-12-01", "reorderPoint": 12, "orderUpTo": 40,
     "leadTimeDays": 2 }]

  store         a store that is known (npm run stores)
  sku           a product that is known (npm run products)
  validFrom     a date (midnight in UTC) or an instant; it holds until the next row of the same store and product
                (default: now, or just after the last moment as of which the stream has judged that stock). One
                before that is taken too, and said: a replay then judges otherwise than was told
  reorderPoint  units at which it is ordered again
  orderUpTo     units on hand and on order to order up to, not below the reorder point; 0: it is kept no more
  leadTimeDays  from an order to its delivery, where the supplier's is not known

What is given here is a person's word: the nightly plan computes no other policy in its place.
`,
  ),
)
