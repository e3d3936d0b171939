'use client'

import { Check, Copy } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '#app/ui/button.tsx'

/** Nothing here yet: says why, and what would put something here, as a command to copy. */
export function EmptyState({
  what,
  advice,
  command,
}: {
  what: string
  advice?: ReactNode
  command?: string
}) {
  return (
    <div className="my-auto flex flex-col items-start gap-2 text-xs">
      <p className="font-medium">{what}</p>
      {advice ? <p className="text-muted">{advice}</p> : null}
      {command ? <Command text={command} /> : null}
    </div>
  )
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  async function copy() {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <div className="flex w-full max-w-full items-start gap-1 rounded-control bg-faint p-1 pl-3">
      {/* Scrolls by itself, so it must be reachable by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled */}
      <pre tabIndex={0} className="min-w-0 grow overflow-x-auto py-1.5 font-mono text-2xs">
        {text}
      </pre>
      <Button kind="icon" aria-label={copied ? 'Copied' : 'Copy the command'} onClick={() => void copy()}>
        {copied ? (
          <Check aria-hidden="true" className="size-4" />
        ) : (
          <Copy aria-hidden="true" className="size-4" />
        )}
      </Button>
    </div>
  )
}
