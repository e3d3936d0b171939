import type { Sql } from '#db/client.ts'

/** With what push services know this installation (VAPID, RFC 8292). URL-safe base64. */
interface PushKeys {
  publicKey: string
  privateKey: string
}

/** Both keys, made when they are first asked for: of several who ask at once, all get the same. */
export async function readPushKeys(sql: Sql): Promise<PushKeys> {
  const known = await look(sql)
  if (known) return known
  const { default: webPush } = await import('web-push')
  const { publicKey, privateKey } = webPush.generateVAPIDKeys()
  await sql`
    insert into notify.push_keys (public_key, private_key) values (${publicKey}, ${privateKey})
    on conflict do nothing`
  return (await look(sql)) ?? { publicKey, privateKey }
}

/** What a browser is given to subscribe with. */
export async function readPushKey(sql: Sql): Promise<string> {
  return (await readPushKeys(sql)).publicKey
}

async function look(sql: Sql): Promise<PushKeys | undefined> {
  const [row] = await sql<PushKeys[]>`
    select public_key as "publicKey", private_key as "privateKey" from notify.push_keys`
  return row
}
