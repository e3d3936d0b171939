import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

/** Something that keeps the part below from working, and the command that helps. */
export function Note({ children, command }: { children: ReactNode; command?: string }) {
  return (
    <p className="mb-3 flex items-start gap-2 rounded-control bg-faint px-3 py-2 text-xs">
      <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span>
        {children}
        {command ? (
          <>
            {' '}
            <code className="font-mono text-2xs wrap-anywhere">{command}</code>
          </>
        ) : null}
      </span>
    </p>
  )
}
