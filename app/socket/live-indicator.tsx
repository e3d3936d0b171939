'use client'

import { useLive } from '#app/socket/live-provider.tsx'
import { classNames } from '#app/ui/class-names.ts'

const STATES = {
  connecting: { text: 'Connecting', dot: 'border-2 border-muted' },
  live: { text: 'Live', dot: 'bg-good' },
  reconnecting: { text: 'Reconnecting', dot: 'border-2 border-bad' },
}

/** Whether what is shown still moves, and how far it is behind. Shape and word say it, not only the colour. */
export function LiveIndicator({ behind }: { behind: string | null }) {
  const { connection } = useLive()
  const { text, dot } = STATES[connection]
  return (
    <p className="flex min-h-9 sm:order-last items-center gap-2 text-xs whitespace-nowrap text-muted">
      <span aria-hidden="true" className={classNames('size-2 rounded-full', dot)} />
      {/* Only the change of the connection is announced: the lag changes all the time. */}
      <span>
        <span role="status">{text}</span>
        {connection === 'live' && behind ? `, ${behind}` : null}
      </span>
    </p>
  )
}
