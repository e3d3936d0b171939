import { runCommand } from '#platform/command.ts'
import { referenceCommand } from '#server/intake/reference/command.ts'
import { people } from './people.ts'

await runCommand(
  referenceCommand(
    people,
    `Lists who works with the dashboard, or enters people by a CSV or JSON file. They choose in its navigation who they are.

  person,name,role,email
  ada,Ada Brandt,buyer,ada@example.com

  [{ "person": "ada", "name": "Ada Brandt", "role": "buyer" }]

  person  a code of small letters, digits and hyphens
  role    viewer: looks; buyer: also handles shortages, drafts, orders, receives; manager: also sets what orders by
          itself
  email   left out: none
`,
  ),
)
