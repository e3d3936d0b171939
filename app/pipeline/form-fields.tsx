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

export function SelectField({ className, ...select }: ComponentProps<'select'>) {
  return <select {...select} className={classNames(FIELD, className)} />
}
