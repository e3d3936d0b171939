import { addDays } from './calendar.ts'
import type { AppendDay } from './log-archive.ts'

/** What retention is decided by: nothing but this. */
export interface RetentionFacts {
  /** The database's day, UTC. */
  today: AppendDay
  keepDays: number
  /** Days the log has and the archive too, in order. */
  archived: readonly AppendDay[]
  /** Days that hold the newest entry of a partition: offsets go on from there. */
  newest: readonly AppendDay[]
  /** The append day up to which a reader has come, by its name: the day itself it may still read. */
  readers: readonly { name: string; day: AppendDay }[]
  /** Days in which events lie that reports which are not finished read. */
  open: readonly AppendDay[]
  /** Days that hold an event which a path goes on without, and which may be put right. */
  setAside: readonly AppendDay[]
}

export interface RetentionDecision {
  /** Oldest first. */
  drop: AppendDay[]
  /** Days that are old enough and stay, with the first reason. */
  kept: { day: AppendDay; reason: string }[]
}

/** Which days the log may lose. Whatever somebody may still read of it stays, however old. */
export function decideRetention(facts: RetentionFacts): RetentionDecision {
  const firstKept = addDays(facts.today, -facts.keepDays)
  const decision: RetentionDecision = { drop: [], kept: [] }
  for (const day of facts.archived.filter(archived => archived < firstKept)) {
    const reason = whyKept(day, facts)
    if (reason === null) decision.drop.push(day)
    else decision.kept.push({ day, reason })
  }
  return decision
}

function whyKept(day: AppendDay, { newest, readers, open, setAside }: RetentionFacts): string | null {
  if (newest.includes(day)) return 'it holds the newest entry of a partition'
  const behind = readers.find(reader => reader.day <= day)
  if (behind) return `${behind.name} has only come to ${behind.day}`
  if (open.includes(day)) return 'reports that are not finished read it'
  if (setAside.includes(day)) return 'an event of it was set aside, and may be put right'
  return null
}
