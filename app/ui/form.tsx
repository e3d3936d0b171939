import { Check, TriangleAlert } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

const FIELD =
  'min-h-9 w-full min-w-0 rounded-control border border-control bg-panel px-2.5 text-xs text-text disabled:opacity-50 pointer-coarse:min-h-11'

/** A field below its label. */
export function Field({
  label,
  className,
  children,
}: {
  label: string
  className?: string
  children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className={classNames('grid min-w-0 gap-1 text-2xs text-muted', className)}>
      {label}
      {children}
    </label>
  )
}

export function TextField({ className, ...input }: ComponentProps<'input'>) {
  return <input {...input} className={classNames(FIELD, className)} />
}

/** One of a few values below its label. */
export function SelectField<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: Value
  options: readonly (readonly [value: Value, text: string])[]
  onChange: (value: Value) => void
}) {
  return (
    <Field label={label}>
      <select value={value} onChange={({ target }) => onChange(target.value as Value)} className={FIELD}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** What came of the last press, announced. Keeps its place, so that nothing moves. */
export function OutcomeLine({ done, failed }: { done: string | null; failed: string | null }) {
  return (
    <p role="status" className="flex min-h-5 items-start gap-1.5 text-2xs">
      {failed ? (
        <>
          <TriangleAlert className="mt-0.5 size-3.5 shrink-0 text-bad" />
          <span className="text-bad wrap-anywhere">{failed}</span>
        </>
      ) : null}
      {!failed && done ? (
        <>
          <Check className="mt-0.5 size-3.5 shrink-0 text-good" />
          <span>{done}</span>
        </>
      ) : null}
    </p>
  )
}

/** Something that keeps the part below from working, and the command that helps. */
export function Note({ children, command }: { children: ReactNode; command?: string }) {
  return (
    <p className="mb-3 flex items-start gap-2 rounded-control bg-faint px-3 py-2 text-xs">
      <TriangleAlert className="mt-0.5 size-4 shrink-0" />
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
