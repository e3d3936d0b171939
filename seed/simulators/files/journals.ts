import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { businessDayOf, type StoreCalendar } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { lineOf, type Outgoing } from '#seed/simulators/sender.ts'

export type Journals = Awaited<ReturnType<typeof openJournals>>

export interface JournalEntry {
  store: StoreCalendar & { id: string }
  event: SentEvent
  /** How it stands in the journal. */
  sent: Outgoing
}

/** The demo's pace: a real store drops its journal at close. */
const DROP_EVERY_MS = 10 * MINUTE_MS
/** Journals of days that are over arrive one after another, so that one sees a day completed. */
const BELATED_EVERY_MS = 2 * MINUTE_MS

const PENDING = /^(?<store>.+)-(?<day>\d{4}-\d\d-\d\d)(?:-(?<piece>\d+))?\.ndjson$/
const GROWING = /^(?<store>.+)-(?<day>\d{4}-\d\d-\d\d)-(?<piece>\d+)\.growing$/

/**
 * The journals of stores whose tills only write one: what is sold stands in a file of `folder` until it is dropped,
 * beside what the seeder or an earlier run left there. A file grows as
 * `<store>-<day>-<piece>.growing`, waits as `….ndjson`, and is removed only when its copy lies in the drop
 * folder with its mark: a crash in between drops it once more, which the log recognises.
 */
export async function openJournals(options: {
  folder: string
  dropDir: string
  stores: readonly (StoreCalendar & { id: string })[]
  startedAt: Instant
}) {
  const { folder, dropDir, stores, startedAt } = options
  await mkdir(folder, { recursive: true })
  const growing = new Map<string, string>()
  for (const name of await readdir(folder)) {
    const { store, day } = GROWING.exec(name)?.groups ?? {}
    if (store === undefined || day === undefined) continue
    growing.set(`${store}-${day}`, name)
    await removeHalfLine(path.join(folder, name))
  }
  const dueAt = new Map(
    (await belated()).map((name, index) => [name, startedAt + (index + 1) * BELATED_EVERY_MS] as const),
  )
  let nextDrop = startedAt + DROP_EVERY_MS

  async function pending(): Promise<string[]> {
    return (await readdir(folder)).filter(name => PENDING.test(name)).sort()
  }

  /** Waiting journals of days that are over. */
  async function belated(): Promise<string[]> {
    return (await pending()).filter(name => {
      const { store, day = '' } = PENDING.exec(name)?.groups ?? {}
      const calendar = stores.find(({ id }) => id === store)
      return calendar !== undefined && day < businessDayOf(startedAt, calendar)
    })
  }

  // What could not be written, for want of room, is written with what comes next.
  let owed: JournalEntry[] = []
  let isTorn = false

  /** Writes down what stores did. */
  async function write(entries: readonly JournalEntry[]): Promise<void> {
    owed.push(...entries)
    if (isTorn) for (const name of growing.values()) await removeHalfLine(path.join(folder, name))
    isTorn = true
    const texts = new Map<string, string>()
    for (const { store, event, sent } of owed) {
      const name = await growingFile(store.id, businessDayOf(Date.parse(event.eventTime), store))
      texts.set(name, `${texts.get(name) ?? ''}${lineOf(sent)}\n`)
    }
    for (const [name, text] of texts) await appendFile(path.join(folder, name), text)
    isTorn = false
    owed = []
  }

  async function growingFile(store: string, day: BusinessDay): Promise<string> {
    const known = growing.get(`${store}-${day}`)
    if (known !== undefined) return known
    const name = `${store}-${day}-${await nextPiece(store, day)}.growing`
    growing.set(`${store}-${day}`, name)
    return name
  }

  /** One more than any piece of that day that can still be seen, so that no file takes another's place. */
  async function nextPiece(store: string, day: BusinessDay): Promise<number> {
    const places = ['', 'loaded', 'failed'].map(state => path.join(dropDir, 'journal', state))
    const names = (await Promise.all([folder, ...places].map(namesIn))).flat()
    const pieces = names.flatMap(name => {
      const found = (PENDING.exec(name) ?? GROWING.exec(name))?.groups
      return found?.store === store && found.day === day ? [Number(found.piece ?? 0)] : []
    })
    return Math.max(0, ...pieces) + 1
  }

  async function finishGrowing(): Promise<void> {
    for (const [key, name] of [...growing]) {
      await rename(path.join(folder, name), path.join(folder, name.replace(/\.growing$/, '.ndjson'))).catch(
        ignoreMissing,
      )
      growing.delete(key)
    }
  }

  async function drop(name: string): Promise<void> {
    const file = path.join(folder, name)
    await dropFile(dropDir, { mapping: 'journal', name, content: await readFile(file) })
    await rm(file)
    dueAt.delete(name)
  }

  return {
    write,
    /** As `write`, but for what may stand there already. */
    async restore(entries: readonly JournalEntry[]): Promise<void> {
      const known = new Set<string>()
      for (const name of growing.values()) {
        for (const line of (await readFile(path.join(folder, name), 'utf8')).split('\n')) known.add(line)
      }
      await write(entries.filter(({ sent }) => !known.has(lineOf(sent))))
    },
    /** Drops what is due. Cheap when nothing is. @returns the names of the files that were dropped */
    async step(now: Instant): Promise<string[]> {
      const due = [...dueAt].filter(([, at]) => at <= now).map(([name]) => name)
      if (now >= nextDrop) {
        nextDrop = now + DROP_EVERY_MS
        await finishGrowing()
        due.push(...(await pending()).filter(name => !dueAt.has(name)))
      }
      for (const name of due) await drop(name)
      return due
    },
  }
}

/** What a crash left of a line that was being written: its event is restored from the shops' own record. */
async function removeHalfLine(file: string): Promise<void> {
  const text = (await readFile(file, 'utf8').catch(ignoreMissing)) ?? ''
  if (text !== '' && !text.endsWith('\n')) await writeFile(file, text.slice(0, text.lastIndexOf('\n') + 1))
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder)
    .catch(ignoreMissing)
    .then(names => names ?? [])
}

function ignoreMissing(error: unknown): undefined {
  if ((error as { code?: string }).code === 'ENOENT') return undefined
  throw error
}

/**
 * Puts a file into the drop folder: whole under its name first, then its mark. Doing it again, as after a crash
 * between the two, ends the same.
 */
export async function dropFile(
  dropDir: string,
  file: { mapping: string; name: string; content: string | Uint8Array },
): Promise<void> {
  const folder = path.join(dropDir, file.mapping)
  await mkdir(folder, { recursive: true })
  // Nobody looks at names that begin with a dot. Written here and not moved in: the folder may be another disk.
  const unfinished = path.join(folder, `.${file.name}`)
  await writeFile(unfinished, file.content)
  await rename(unfinished, path.join(folder, file.name))
  await writeFile(path.join(folder, `${file.name}.done`), '')
}
