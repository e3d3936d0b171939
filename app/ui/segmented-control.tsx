'use client'

import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

export interface Segment<Value extends string> {
  value: Value
  label: ReactNode
  /** For a screen reader, when the label is an icon. */
  name?: string
}

/** One choice of a few, all in sight. Arrow keys move between them. */
export function SegmentedControl<Value extends string>({
  label,
  segments,
  value,
  onChange,
  className,
}: {
  label: string
  segments: readonly Segment<Value>[]
  value: Value | null
  onChange: (value: Value) => void
  className?: string
}) {
  return (
    <ToggleGroup
      aria-label={label}
      value={value === null ? [] : [value]}
      onValueChange={([chosen]) => {
        // Pressing the chosen one again would leave none.
        if (chosen !== undefined) onChange(chosen as Value)
      }}
      className={classNames('inline-flex rounded-control bg-faint p-0.5', className)}
    >
      {segments.map(segment => (
        <Toggle
          key={segment.value}
          value={segment.value}
          aria-label={segment.name}
          title={segment.name}
          className="inline-flex min-h-7 min-w-8 items-center justify-center rounded-md px-2.5 text-2xs whitespace-nowrap text-muted hover:text-text data-pressed:bg-panel data-pressed:text-text data-pressed:shadow-card pointer-coarse:min-h-10"
        >
          {segment.label}
        </Toggle>
      ))}
    </ToggleGroup>
  )
}
