import { stringify } from 'csv-stringify/sync'
import type { Sql } from '#db/client.ts'
import { formatInstant } from '#domain/instant.ts'
import { type AppendDay, ArchiveError } from '#domain/log-archive.ts'
import { textTable } from '#jobs/command/describe.ts'
import { messageOf } from '#platform/command.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { listDroppedDays } from '#server/log/archive/archived-days.ts'
import { readManifests } from '#server/log/archive/log-manifest.ts'
import { openArchiveStore } from '#server/log/archive/open-store.ts'
import { bringBackDay, restoreLog } from '#server/log/archive/restore.ts'
import { verifyDay } from '#server/log/archive/verify-day.ts'
import type { ArchiveSettings } from './archive-job.ts'
import { compareWithReports, computeFromArchive } from './archive-reports.ts'
import type { ArchiveReport } from './report-statements.ts'

export interface ArchiveCommand {
  verb: 'list' | 'verify' | 'restore' | 'report'
  /** Of the verb report. */
  report: ArchiveReport | null
  from: AppendDay | undefined
  to: AppendDay | undefined
  /** Where both ends were given. */
  days: AppendDay[] | null
  compare: boolean
  json: boolean
}

interface Context {
  sql: Sql
  environment: ArchiveSettings
  /** Results. */
  print(text: string): void
  /** Progress, one line at a time. */
  report(line: string): void
}

/** Does what the command line says. @returns the exit code @throws ArchiveError; what the database throws */
export async function executeArchiveCommand(command: ArchiveCommand, context: Context): Promise<number> {
  const { archive, s3 } = context.environment
  const store = await openArchiveStore(archive, s3)
  switch (command.verb) {
    case 'list':
      return list(command, store, context)
    case 'verify':
      return verify(command, store, context)
    case 'restore':
      return restore(command, store, context)
    case 'report':
      return report(command, store, context)
  }
}

async function list({ json }: ArchiveCommand, store: ArchiveStore, { sql, print }: Context): Promise<number> {
  const manifests = await readManifests(store)
  const dropped = new Map((await listDroppedDays(sql)).map(day => [day.appendDay, day.droppedAt]))
  const days = manifests.map(({ appendDay, rows, bytes, businessDays, writtenAt }) => {
    const droppedAt = dropped.get(appendDay) ?? null
    return {
      appendDay,
      rows,
      bytes,
      businessDays,
      writtenAt,
      droppedAt: droppedAt === null ? null : formatInstant(droppedAt),
    }
  })
  if (json) print(`${JSON.stringify({ archive: store.address, days }, null, 2)}\n`)
  else {
    const titles = ['append day', 'entries', 'MB', 'business days', 'written', 'log']
    const rows = days.map(day => [
      day.appendDay,
      String(day.rows),
      (day.bytes / 1e6).toFixed(1),
      day.businessDays ? `${day.businessDays.first} to ${day.businessDays.last}` : '',
      day.writtenAt.slice(0, 16).replace('T', ' '),
      day.droppedAt === null ? 'has it' : `dropped ${day.droppedAt.slice(0, 10)}`,
    ])
    print(textTable(titles, rows))
  }
  return 0
}

/** Every day is looked at, whatever the one before was like. */
async function verify(
  { from, to, json }: ArchiveCommand,
  store: ArchiveStore,
  { sql, print, report }: Context,
): Promise<number> {
  const manifests = await readManifests(store)
  const wanted = manifests.filter(
    ({ appendDay }) => (from === undefined || appendDay >= from) && (to === undefined || appendDay <= to),
  )
  const problems: { appendDay: AppendDay; problem: string }[] = []
  let compared = 0
  for (const { appendDay, rows } of wanted) {
    try {
      const { isComparedWithLog } = await verifyDay(sql, store, appendDay)
      if (isComparedWithLog) compared += 1
      report(`${appendDay}: ${rows} entries read back${isComparedWithLog ? ', as the log has them' : ''}`)
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      problems.push({ appendDay, problem: messageOf(error) })
      report(`${appendDay}: ${messageOf(error)}`)
    }
  }
  const told = `${wanted.length} append days verified, ${compared} of them against the log, ${problems.length} with a problem`
  print(
    json
      ? `${JSON.stringify({ archive: store.address, days: wanted.length, compared, problems }, null, 2)}\n`
      : `${told}.\n`,
  )
  return problems.length === 0 ? 0 : 1
}

async function restore(
  { days, json }: ArchiveCommand,
  store: ArchiveStore,
  { sql, print, report }: Context,
): Promise<number> {
  if (days === null) {
    const restored = await restoreLog(sql, store, {
      onDay: ({ appendDay, rows }) => report(`${appendDay}: ${rows} entries`),
    })
    const told = { days: restored.days.length, rows: restored.rows }
    print(
      json ? `${JSON.stringify(told)}\n` : `${told.days} append days with ${told.rows} entries restored.\n`,
    )
    return 0
  }
  const dropped = new Set((await listDroppedDays(sql)).map(({ appendDay }) => appendDay))
  const back: AppendDay[] = []
  for (const day of days.filter(day => dropped.has(day))) {
    if (await bringBackDay(sql, store, day)) back.push(day)
    report(`${day} is back in the log`)
  }
  print(
    json ? `${JSON.stringify({ days: back })}\n` : `${back.length} append days brought back into the log.\n`,
  )
  return 0
}

const MOST_SHOWN = 10

async function report(
  { report, from, to, compare, json }: ArchiveCommand,
  store: ArchiveStore,
  { sql, print, report: tell }: Context,
): Promise<number> {
  if (report === null || from === undefined || to === undefined)
    throw new Error('report needs a name and days')
  const asked = { report, from, to }
  const startedAt = performance.now()
  const computed = await computeFromArchive(sql, store, asked)
  const through = Object.entries(computed.through).map(([partition, offset]) => `${partition}: ${offset}`)
  tell(
    `${report}: ${computed.rows.length} rows from ${computed.appendDays} append days in ` +
      `${((performance.now() - startedAt) / 1_000).toFixed(2)} s; the archive reaches to offsets ${through.join(', ')}`,
  )
  if (!compare) {
    print(
      json
        ? `${JSON.stringify(computed.rows)}\n`
        : stringify(computed.rows, { header: true, columns: computed.columns, escape_formulas: true }),
    )
    return 0
  }
  const { compared, differing, incomplete } = await compareWithReports(sql, computed, asked)
  if (json) print(`${JSON.stringify({ ...asked, compared, differing, incomplete })}\n`)
  else {
    for (const { batch, archive } of differing.slice(0, MOST_SHOWN))
      print(`batch ${batch ?? 'has no'} · archive ${archive ?? 'has no'}\n`)
    const left = incomplete > 0 ? `; ${incomplete} store-periods are not archived whole yet` : ''
    print(`${compared} rows compared, ${differing.length} differ${left}.\n`)
  }
  return differing.length === 0 ? 0 : 1
}
