import { readCertificate, readCertificates } from '#db/certificates.ts'
import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import { ENGINE_TITLES } from '#domain/engine.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { flag, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { describeCertificate } from '#server/stream/certificate/describe.ts'
import { dropGeneration, readGenerations } from '#server/stream/state/generations.ts'

const USAGE = `Usage: npm run generations -- list [--json]
       npm run generations -- certificate [ID] [--json]
       npm run generations -- drop N

A generation is one set of the stream's tables, and the engine that follows the log with it: this stream, or Flink.
list         the generations, which is active, and how far each has read the log
certificate  what was found when two generations were held against each other row by row at equal offsets: the
             newest, or that of a number
drop         deletes a generation that is not active and that nobody works on

A certificate is asked for with "npm run replay -- --certify N", a switch with --switch-to N, the way back with
--switch-back. Exit codes: 0 done (of a certificate: accepted, and as it was written), 1 not, 2 wrong usage.
`

await runCommand({
  usage: USAGE,
  hint: '"npm run generations -- --help" lists the actions.',
  parse(args) {
    const { words, json } = parseOptions(args, { json: flag() }, { takesWords: true })
    const [action, given, ...others] = words
    const number = given === undefined ? null : Number(given)
    const isNumber = number === null || (/^\d{1,9}$/.test(given ?? '') && number > 0)
    if (action === 'list' && number === null) return { action, number, json } as const
    if (action === 'certificate' && isNumber && others.length === 0) return { action, number, json } as const
    if (action === 'drop' && isNumber && number !== null && others.length === 0)
      return { action, number, json } as const
    throw new UsageError('Say what to do: list, certificate [ID], or drop N with the number of a generation.')
  },
  run: given =>
    withDatabase(readEnvironment(), ({ url }) =>
      withConnection(url, {}, async sql => {
        switch (given.action) {
          case 'list':
            return list(sql, given.json)
          case 'certificate':
            return show(sql, given)
          case 'drop':
            return drop(sql, given.number)
        }
      }),
    ),
})

interface Stand {
  generation: number
  engine: keyof typeof ENGINE_TITLES
  state: string
  rulesVersion: number
  offsets: Record<string, number>
  processedAt: Instant | null
  owners: string[]
}

async function list(sql: Sql, json: boolean): Promise<number> {
  const stands = await sql<Stand[]>`
    select g.generation, g.engine, g.state, g.rules_version as "rulesVersion",
      coalesce(jsonb_object_agg(c.partition, c."offset") filter (where c.partition is not null), '{}') as offsets,
      max(c.processed_at) as "processedAt", array(
        select distinct o.owner from log.owners o
        join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
        where o.consumer = 'stream/' || g.generation) as owners
    from stream.generations g left join stream.checkpoints c using (generation)
    group by g.generation order by g.generation`
  if (json) {
    process.stdout.write(`${JSON.stringify(stands, null, 2)}\n`)
    return 0
  }
  for (const { generation, engine, state, rulesVersion, offsets, processedAt, owners } of stands) {
    const at = Object.entries(offsets).map(([partition, offset]) => `${partition}:${offset}`)
    const worked = owners.length === 0 ? 'nobody works on it' : owners.join(', ')
    process.stdout.write(
      `generation ${generation}  ${ENGINE_TITLES[engine]}  ${state}  rules version ${rulesVersion}  offsets ${at.join(' ') || 'none'}` +
        `  ${processedAt === null ? '' : `written ${formatInstant(processedAt)}  `}${worked}\n`,
    )
  }
  return 0
}

async function show(sql: Sql, { number, json }: { number: number | null; json: boolean }): Promise<number> {
  const certificate =
    number === null ? ((await readCertificates(sql, 1))[0] ?? null) : await readCertificate(sql, number)
  if (!certificate) {
    process.stderr.write(
      number === null
        ? 'There is no certificate yet: "npm run replay -- --certify N" asks for one.\n'
        : `There is no certificate ${number}.\n`,
    )
    return 1
  }
  process.stdout.write(
    json ? `${JSON.stringify(certificate, null, 2)}\n` : `${describeCertificate(certificate).join('\n')}\n`,
  )
  return certificate.isIntact && certificate.document.verdict === 'accepted' ? 0 : 1
}

async function drop(sql: Sql, generation: number): Promise<number> {
  const standing = (await readGenerations(sql)).find(({ generation: number }) => number === generation)
  if (!standing || standing.state === 'active') {
    process.stderr.write(
      standing
        ? `Generation ${generation} is the active one: switch first.\n`
        : `There is no generation ${generation}.\n`,
    )
    return 1
  }
  const owners = await sql<{ owner: string }[]>`
    select distinct o.owner from log.owners o
    join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
    where o.consumer = ${`stream/${generation}`}`
  if (owners.length > 0) {
    process.stderr.write(
      `${owners.map(({ owner }) => owner).join(', ')} works on generation ${generation}: stop that first.\n`,
    )
    return 1
  }
  await dropGeneration(sql, generation)
  process.stdout.write(`generation ${generation} is gone\n`)
  return 0
}
