import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import { RefusedError } from '#server/serving/failures.ts'

export const ROLES = ['viewer', 'buyer', 'manager'] as const
export type Role = (typeof ROLES)[number]

export interface Person {
  person: string
  name: string
  role: Role
}

/** Everybody who works here, by name; none where nobody was entered. */
export function readPeople(reading: Reading): Promise<Person[]> {
  return reading<Person[]>`select person, name, role from purchasing.people order by name, person`
}

/** Who acts, by the name that stands beside what they do; null: nobody was entered, so nobody is asked who they are. */
export type Actor = string | null

/** What the roles may do, for who may not. */
const MAY: Record<Exclude<Role, 'viewer'>, string> = {
  buyer: 'drafts, orders and receives',
  manager: 'sets what orders by itself',
}

/**
 * Says who acts, and that they may. Nobody proves who they are: people choose it in the navigation, as they would sign
 * a list at the door. The password of the dashboard keeps strangers out.
 * @param person as chosen; null: nobody
 * @throws RefusedError when people are known and this is none of them, or their role does not allow it
 */
export async function actorOf(
  sql: Sql,
  person: string | null,
  least: Exclude<Role, 'viewer'>,
): Promise<Actor> {
  const people = await readPeople(sql)
  if (people.length === 0) return null
  const own = people.find(one => one.person === person)
  const may = people.filter(({ role }) => ROLES.indexOf(role) >= ROLES.indexOf(least)).map(({ name }) => name)
  const advice = may.length === 0 ? `Nobody here ${MAY[least]}.` : `${may.join(' or ')} ${MAY[least]}.`
  if (!own) throw new RefusedError(`Say first who you are, in the navigation. ${advice}`)
  if (ROLES.indexOf(own.role) < ROLES.indexOf(least)) {
    throw new RefusedError(`${own.name} is a ${own.role}. ${advice}`)
  }
  return own.name
}
