import {
  ARCHIVE_FORMAT,
  ArchiveError,
  assertWhole,
  type DayManifest,
  dayOfManifest,
  LOG_MANIFEST,
  type LogManifest,
  parseDayManifest,
  parseLogManifest,
} from '#domain/log-archive.ts'
import type { ArchiveStore } from './archive-store.ts'

/** Makes the archive this log's own, or sees that it is. @throws ArchiveError when it is of another log */
export async function ensureLogManifest(
  store: ArchiveStore,
  identity: Omit<LogManifest, 'format' | 'reference'>,
): Promise<LogManifest> {
  const text = await store.readText(LOG_MANIFEST)
  if (text !== null) {
    const manifest = parseLogManifest(text)
    refuseOtherLog(manifest.log, identity.log, `the archive in ${store.address}`)
    return manifest
  }
  const made: LogManifest = { format: ARCHIVE_FORMAT, ...identity, reference: null }
  await store.writeText(LOG_MANIFEST, `${JSON.stringify(made, null, 2)}\n`)
  return made
}

/** @throws ArchiveError where there is no archive, or it is none */
export async function readLogManifest(store: ArchiveStore): Promise<LogManifest> {
  const text = await store.readText(LOG_MANIFEST)
  if (text === null)
    throw new ArchiveError(`there is no archive in ${store.address}: ${LOG_MANIFEST} is missing`)
  return parseLogManifest(text)
}

/** @throws ArchiveError where the archive is of another log */
export function refuseOtherLog(archived: string, own: string, what: string): void {
  if (archived === own) return
  throw new ArchiveError(
    `${what} is of another log: it names ${archived}, and the log here is ${own}. Give each log an archive of its own.`,
  )
}

/**
 * The manifests of all days, oldest first, all of the archive's own log and without a day missing in between.
 * @throws ArchiveError naming what is wrong
 */
export async function readManifests(store: ArchiveStore): Promise<DayManifest[]> {
  const { log } = await readLogManifest(store)
  const manifests: DayManifest[] = []
  for (const name of await store.list('append_day=')) {
    const day = dayOfManifest(name)
    if (day === null) continue
    const manifest = parseDayManifest((await store.readText(name)) ?? '', name)
    refuseOtherLog(manifest.log, log, name)
    if (manifest.appendDay !== day) {
      throw new ArchiveError(
        `${name} is the manifest of append day ${manifest.appendDay}: it lies in the wrong place`,
      )
    }
    manifests.push(manifest)
  }
  assertWhole(manifests)
  return manifests
}
