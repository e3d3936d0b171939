import { type ComponentProps, type KeyboardEvent, useRef, useState } from 'react'

/** What keys do to the row that has the focus. */
export interface RowKeys {
  rowProps(id: string): ComponentProps<'tr'>
}

/**
 * Keys for a list of rows: j and k move to the next and the one before, each of `actions` does something to the row that
 * has the focus. One row of the list is in the order of Tab, the one that had the focus last (roving focus).
 * @param ids in the order in which they are shown
 * @param actions by key, told the row's id
 */
export function useRowKeys(
  ids: readonly string[],
  actions: Readonly<Record<string, (id: string) => void>>,
): RowKeys {
  const [current, setCurrent] = useState<string | null>(null)
  const rows = useRef(new Map<string, HTMLTableRowElement>())
  const inOrder = current !== null && ids.includes(current) ? current : (ids[0] ?? null)

  function press(event: KeyboardEvent<HTMLTableRowElement>, id: string): void {
    // What is typed into a field, and shortcuts of the browser, are not for the row.
    if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isOnRow = event.target === event.currentTarget
    const key = event.key === 'ArrowDown' ? 'j' : event.key === 'ArrowUp' ? 'k' : event.key
    if (key === 'j' || key === 'k') {
      const next = ids[ids.indexOf(id) + (key === 'j' ? 1 : -1)]
      if (next === undefined) return
      event.preventDefault()
      rows.current.get(next)?.focus()
      return
    }
    const action = actions[key]
    // Enter on a button of the row is that button's.
    if (!action || (key === 'Enter' && !isOnRow)) return
    event.preventDefault()
    action(id)
  }

  return {
    rowProps: id => ({
      ref: row => {
        if (row) rows.current.set(id, row)
        else rows.current.delete(id)
      },
      tabIndex: id === inOrder ? 0 : -1,
      className: 'outline-none focus-visible:bg-faint focus-within:bg-faint',
      onFocus: () => setCurrent(id),
      onKeyDown: event => press(event, id),
    }),
  }
}
