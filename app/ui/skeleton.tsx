import { classNames } from '#app/ui/class-names.ts'

/** Where something will be. Give it the size of what it stands for, so that nothing moves when that comes. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={classNames('block motion-safe:animate-pulse rounded bg-faint', className)}
    />
  )
}
