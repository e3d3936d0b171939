import { Checkbox } from '@base-ui/react/checkbox'
import { Select } from '@base-ui/react/select'
import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonLook } from '#app/ui/button.tsx'
import { classNames } from '#app/ui/class-names.ts'

interface Choice<Value extends string> {
  value: Value
  label: string
}

/** The box of a checkbox, before what it stands for. */
export function CheckMark() {
  return (
    <span className="flex size-4 shrink-0 items-center justify-center rounded border border-control">
      <Checkbox.Indicator>
        <Check className="size-3" strokeWidth={3} />
      </Checkbox.Indicator>
    </span>
  )
}

/** One choice of several, shown as what is chosen. */
export function ChoiceControl<Value extends string>({
  label,
  choices,
  chosen,
  onChange,
}: {
  label: string
  choices: readonly Choice<Value>[]
  chosen: Value
  onChange: (value: Value) => void
}) {
  return (
    <Select.Root items={choices} value={chosen} onValueChange={value => value !== null && onChange(value)}>
      <Select.Trigger aria-label={label} className={buttonLook({ className: 'max-w-48' })}>
        <Select.Value className="truncate" />
        <Select.Icon>
          <ChevronsUpDown className="size-3.5 text-muted" />
        </Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-40">
          <Select.Popup className="max-h-[min(var(--available-height),24rem)] overflow-y-auto rounded-card border border-line bg-panel p-1 text-xs shadow-popup outline-none">
            <Select.List>
              {choices.map(({ value, label: text }) => (
                <Select.Item
                  key={value}
                  value={value}
                  className="flex min-h-9 min-w-24 items-center gap-2 rounded-md px-2.5 outline-none select-none data-highlighted:bg-faint pointer-coarse:min-h-11"
                >
                  <Select.ItemText>{text}</Select.ItemText>
                  <Select.ItemIndicator className="ml-auto">
                    <Check className="size-3.5" />
                  </Select.ItemIndicator>
                </Select.Item>
              ))}
            </Select.List>
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}

interface Segment<Value extends string> {
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
