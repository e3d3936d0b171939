import { Checkbox } from '@base-ui/react/checkbox'
import { CheckboxGroup } from '@base-ui/react/checkbox-group'
import { Popover } from '@base-ui/react/popover'
import { ChevronDown } from 'lucide-react'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { CheckMark } from '#app/ui/choice.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { Popup } from '#app/ui/popup.tsx'

/** Some of many, or all: opens a list to tick. */
export function ManyControl({
  title,
  choices,
  chosen,
  onChange,
}: {
  /** Of what there are many: `Categories`. */
  title: string
  choices: readonly { value: string; label: string }[]
  /** Empty for all. */
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}) {
  const [only] = chosen
  const one = choices.find(({ value }) => value === only)?.label ?? only
  const all = `All ${title.toLowerCase()}`
  const label =
    only === undefined ? all : chosen.length === 1 ? one : `${chosen.length} ${title.toLowerCase()}`
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`${title}: ${label}`}
        className={classNames(buttonLook(), 'w-full justify-between border-control')}
      >
        <span className="truncate">{label}</span>
        <ChevronDown className="size-3.5 shrink-0 text-muted" />
      </Popover.Trigger>
      <Popup title={title} className="w-72">
        <CheckboxGroup value={[...chosen]} onValueChange={onChange} aria-label={title} className="-mx-2 grid">
          {choices.map(({ value, label: text }) => (
            <Checkbox.Root
              key={value}
              value={value}
              nativeButton
              render={<button type="button" />}
              className="flex min-h-9 items-center gap-2.5 rounded-md px-2 text-left text-xs hover:bg-faint pointer-coarse:min-h-11"
            >
              <CheckMark />
              <span className="min-w-0 grow truncate">{text}</span>
            </Checkbox.Root>
          ))}
        </CheckboxGroup>
        <Button className="mt-3 w-full" disabled={chosen.length === 0} onClick={() => onChange([])}>
          {all}
        </Button>
      </Popup>
    </Popover.Root>
  )
}
