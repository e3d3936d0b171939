import { z } from 'zod'
import { changesOf, type ReferenceTable } from '#server/intake/reference/reference-table.ts'
import { givenName } from '#server/intake/reference/table-file.ts'

const ROLES = ['buyer', 'manager', 'viewer'] as const

const schema = z.strictObject({
  person: z.string({ error: 'must be the code of a person' }).regex(/^[a-z0-9-]{1,64}$/, {
    error: 'must be a code of small letters, digits and hyphens, such as ada',
  }),
  name: givenName('what they are called'),
  role: z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` }),
  email: z.email({ error: 'must be an address such as ada@example.com' }).optional(),
})

/** Who works with the dashboard, and what they may do there. */
export const people: ReferenceTable<z.output<typeof schema>> = {
  noun: 'person',
  plural: 'people',
  columns: ['person', 'name', 'role', 'email'],
  schema,
  keyOf: ({ person }) => person,
  list: sql => sql`select person, name, role, email from purchasing.people order by person`,
  faultsOf: async (_, rows) => rows.map(() => null),
  async write(transaction, rows) {
    return changesOf(
      await transaction<{ key: string; added: boolean }[]>`
        insert into purchasing.people as p (person, name, role, email)
        select person, name, role, email
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
          as given(person text, name text, role text, email text)
        on conflict (person) do update set name = excluded.name, role = excluded.role, email = excluded.email
        where (p.name, p.role, p.email) is distinct from (excluded.name, excluded.role, excluded.email)
        returning p.person as key, xmax = 0 as added`,
    )
  },
}
