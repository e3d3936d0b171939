import { ChoiceControl } from '#app/ui/choice-control.tsx'

const ALL = ''

/** Whose deliveries the page is about: everybody's, or one supplier's. */
export function SupplierControl({
  suppliers,
  chosen,
  onChange,
}: {
  suppliers: readonly { supplier: string; name: string }[]
  /** Id; null for all. */
  chosen: string | null
  onChange: (supplier: string | null) => void
}) {
  const choices = [
    { value: ALL, label: 'All suppliers' },
    ...suppliers.map(({ supplier, name }) => ({ value: supplier, label: name })),
  ]
  return (
    <ChoiceControl
      label="Supplier"
      choices={choices}
      chosen={chosen ?? ALL}
      onChange={value => onChange(value === ALL ? null : value)}
    />
  )
}
