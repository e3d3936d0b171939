import {
  Check,
  CircleDashed,
  Clock,
  Hourglass,
  type LucideIcon,
  Minus,
  Play,
  TriangleAlert,
  X,
} from 'lucide-react'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { classNames } from '#app/ui/class-names.ts'
import { Chip } from '#app/ui/marks.tsx'

type Flow = RouterOutputs['pipeline']['flow']
export type Health = Flow['health']['log']['health']
export type SlotState = RouterOutputs['pipeline']['jobs']['grid']['rows'][number]['cells'][number]['state']
export type CompletenessState =
  RouterOutputs['pipeline']['completeness']['stores'][number]['registers'][number]['state']

const HEALTHS: Record<Health, { text: string; icon: LucideIcon; tone: 'plain' | 'good' | 'bad' }> = {
  ok: { text: 'ok', icon: Check, tone: 'good' },
  behind: { text: 'behind', icon: Clock, tone: 'plain' },
  down: { text: 'down', icon: X, tone: 'bad' },
  quiet: { text: 'quiet', icon: Minus, tone: 'plain' },
}

/** How a part does: shape, word, and only then colour. */
export function HealthChip({ health }: { health: Health }) {
  const { text, icon: Icon, tone } = HEALTHS[health]
  return (
    <Chip tone={tone}>
      <Icon className="size-3" />
      {text}
    </Chip>
  )
}

export interface MarkLook {
  text: string
  meaning: string
  icon: LucideIcon
  look: string
}

export const SLOT_MARKS: Record<SlotState, MarkLook> = {
  succeeded: {
    text: 'succeeded',
    meaning: 'its run has read everything that concerns it',
    icon: Check,
    look: 'text-good',
  },
  running: { text: 'running', meaning: 'a run is under way', icon: Play, look: 'text-text bg-faint' },
  outdated: {
    text: 'outdated',
    meaning: 'events came after its run, or what it is computed from changed: the next tick runs it again',
    icon: Clock,
    look: 'text-text border border-dashed border-control',
  },
  missing: {
    text: 'missing',
    meaning: 'due, and no run yet',
    icon: CircleDashed,
    look: 'text-text border border-control',
  },
  failed: {
    text: 'failed',
    meaning: 'the newest attempt failed; the figures before it stand',
    icon: X,
    look: 'text-bad bg-bad-soft border border-current',
  },
  'not-due': { text: 'not due', meaning: 'the period has not ended', icon: Minus, look: 'text-muted' },
}

export const COMPLETENESS_MARKS: Record<CompletenessState, MarkLook> = {
  complete: {
    text: 'complete',
    meaning: 'the log holds what the till reported',
    icon: Check,
    look: 'text-good',
  },
  missing: {
    text: 'missing',
    meaning: 'no Z report of the till has come',
    icon: CircleDashed,
    look: 'text-text border border-control',
  },
  different: {
    text: 'different',
    meaning: 'the Z report says another total than the log',
    icon: TriangleAlert,
    look: 'text-bad bg-bad-soft border border-current',
  },
  'awaiting journal': {
    text: 'awaiting journal',
    meaning: 'the store writes a journal, and that of the day has not been loaded',
    icon: Hourglass,
    look: 'text-text border border-dashed border-control',
  },
  open: { text: 'day goes on', meaning: 'its tills have not reported yet', icon: Minus, look: 'text-muted' },
}

/** The sign of a state in a cell. Its name is said by whoever uses it. */
export function StateMark({ mark: { icon: Icon, look }, className }: { mark: MarkLook; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={classNames('inline-flex size-6 items-center justify-center rounded-md', look, className)}
    >
      <Icon className="size-3.5" />
    </span>
  )
}

/** A state by sign and word; what it means for a pointer. */
export function MarkText({ mark }: { mark: MarkLook }) {
  return (
    <span className="inline-flex items-center gap-1.5" title={mark.meaning}>
      <StateMark mark={mark} className="size-5" />
      {mark.text}
    </span>
  )
}

/** What the signs of a grid mean. */
export function Legend({ marks }: { marks: readonly MarkLook[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-2xs text-muted">
      {marks.map(mark => (
        <li key={mark.text} className="inline-flex items-center gap-1.5" title={mark.meaning}>
          <StateMark mark={mark} className="size-5" />
          {mark.text}
        </li>
      ))}
    </ul>
  )
}

export function RunStateChip({
  state,
}: {
  state: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned'
}) {
  const isBad = state === 'failed' || state === 'abandoned'
  return <Chip tone={state === 'succeeded' ? 'good' : isBad ? 'bad' : 'plain'}>{state}</Chip>
}

export function LetterStateChip({ state }: { state: 'open' | 'requeued' | 'discarded' }) {
  return <Chip tone={state === 'open' ? 'bad' : state === 'requeued' ? 'good' : 'plain'}>{state}</Chip>
}
