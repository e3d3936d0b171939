import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { classNames } from '#app/ui/class-names.ts'

/** The look of anything that is pressed; popover triggers wear it too. At least 32 px high, 44 on touch. */
export const buttonLook = cva(
  'inline-flex items-center justify-center gap-2 whitespace-nowrap rounded-control text-xs select-none disabled:opacity-50 disabled:cursor-default pointer-coarse:min-h-11',
  {
    variants: {
      kind: {
        control: 'min-h-9 border border-line bg-panel px-3 text-text hover:bg-faint data-popup-open:bg-faint',
        // Where every row of a table has some.
        row: 'min-h-8 border border-line bg-panel px-2 text-text hover:bg-faint data-popup-open:bg-faint',
        quiet: 'min-h-8 px-2 text-muted hover:bg-faint hover:text-text data-popup-open:bg-faint',
        icon: 'size-8 text-muted hover:bg-faint hover:text-text data-popup-open:bg-faint pointer-coarse:min-w-11',
      },
    },
    defaultVariants: { kind: 'control' },
  },
)

export function Button({
  kind,
  className,
  ...button
}: ComponentProps<'button'> & VariantProps<typeof buttonLook>) {
  return <button type="button" {...button} className={classNames(buttonLook({ kind }), className)} />
}
