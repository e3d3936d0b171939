import { classNames } from '#app/ui/class-names.ts'

/** The two readers of the log. */
export type Path = 'batch' | 'stream'

const PATH_NAMES: Record<Path, string> = { batch: 'Batch', stream: 'Stream' }

/** The sign of a path: a blue square or an orange dot. The shape says it too, for who cannot tell the colours. */
export function PathMarker({ path, className }: { path: Path; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={classNames(
        'inline-block size-[0.625rem] shrink-0',
        path === 'batch' ? 'rounded-[2px] bg-batch' : 'rounded-full bg-stream',
        className,
      )}
    />
  )
}

/** A path by sign and name, with what follows it: `■ Batch, 14:28`. */
export function PathTag({ path, detail, className }: { path: Path; detail?: string; className?: string }) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1.5 whitespace-nowrap text-2xs text-muted',
        className,
      )}
    >
      <PathMarker path={path} />
      {PATH_NAMES[path]}
      {detail ? `, ${detail}` : null}
    </span>
  )
}
