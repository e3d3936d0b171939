import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** The two readers of the log. */
export type Path = 'batch' | 'stream'

const PATH_NAMES: Record<Path, string> = { batch: 'Batch', stream: 'Stream' }

const MARKERS: Record<Path | 'other', string> = {
  batch: 'size-[0.625rem] rounded-[2px] bg-batch',
  stream: 'size-[0.625rem] rounded-full bg-stream',
  other: 'mx-[0.0625rem] size-[0.5rem] rotate-45 rounded-[1px] bg-text',
}

/**
 * The sign of a path: a blue square or an orange dot; of a further answer a diamond. The shape says it too, for who cannot
 * tell the colours.
 */
export function PathMarker({ path, className }: { path: Path | 'other'; className?: string }) {
  return <span aria-hidden="true" className={classNames('inline-block shrink-0', MARKERS[path], className)} />
}

/** A further answer by sign and name: `◆ Flink`. */
export function OtherTag({ name, className }: { name: string; className?: string }) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1.5 whitespace-nowrap text-2xs text-muted',
        className,
      )}
    >
      <PathMarker path="other" />
      {name}
    </span>
  )
}

/** A path by sign and name, with what follows it: `■ Batch, 14:28`. */
export function PathTag({
  path,
  name = PATH_NAMES[path],
  detail,
  className,
}: {
  path: Path
  /** Where it is told by another one. */
  name?: string
  detail?: string
  className?: string
}) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1.5 whitespace-nowrap text-2xs text-muted',
        className,
      )}
    >
      <PathMarker path={path} />
      {name}
      {detail ? `, ${detail}` : null}
    </span>
  )
}

const TONES = {
  plain: 'border-transparent bg-faint text-muted',
  good: 'border-current text-good',
  bad: 'border-current bg-bad-soft font-medium text-bad',
}

/** A word or two about the thing beside it. The words carry the meaning, the tone only underlines it. */
/** In place of a percentage: the demo's shops traded at another speed than what they would be held against. */
export function DemoChip({ speed }: { speed: number }) {
  return <Chip>{demoText(speed)}</Chip>
}

/** `demo ×5` */
export function demoText(speed: number): string {
  return `demo ×${speed}`
}

export function Chip({ tone = 'plain', children }: { tone?: keyof typeof TONES; children: ReactNode }) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1 whitespace-nowrap rounded-[5px] border px-1.5 text-2xs leading-[1.5]',
        TONES[tone],
      )}
    >
      {children}
    </span>
  )
}
