import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

const TONES = {
  plain: 'border-transparent bg-faint text-muted',
  good: 'border-current text-good',
  bad: 'border-current bg-bad-soft font-medium text-bad',
}

/** A word or two about the thing beside it. The words carry the meaning, the tone only underlines it. */
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
