import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { suppliers } from './suppliers.ts'

await runCommand(
  referenceCommand(
    suppliers,
    `Lists the suppliers with their terms, or adds those of a CSV or JSON file.

  supplier,name,validFrom,deliveryDays,minimumValue,expressMinutes,expressFee,currency
  smith-and-sons,Smith and Sons,2026-12-01,tue fri,80.00,20,19.90,EUR

  [{ "supplier": "smith-and-sons", "name": "Smith and Sons", "validFrom": "2026-12-01", "deliveryDays": ["tue", "fri"],
     "minimumValue": "80.00", "expressMinutes": 20, "expressFee": "19.90", "currency": "EUR" }]

  supplier        the code that orders use
  name            what it is called (default, for a new one: its code)
  validFrom       a date (midnight in UTC) or an instant; it holds until the next row of the same supplier (default: now)
  deliveryDays    weekdays on which it delivers (left out: any)
  minimumValue    least value of an order (left out: none)
  expressMinutes  an order that comes within so many minutes …
  expressFee      … costs so much more (left out, both: it has none)
  currency        of both amounts (default: the reporting currency)
`,
  ),
)
