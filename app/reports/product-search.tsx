'use client'

import { Search } from 'lucide-react'
import { useState } from 'react'

/** Finds products by a part of their name or code, once Enter is pressed or the field is left. */
export function ProductSearch({ chosen, onChange }: { chosen: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(chosen)
  function ask() {
    if (text.trim() !== chosen) onChange(text.trim())
  }
  return (
    <form
      className="flex items-center gap-1.5"
      onSubmit={event => {
        event.preventDefault()
        ask()
      }}
    >
      <Search aria-hidden="true" className="size-3.5" />
      <input
        type="search"
        aria-label="Find a product by name or code"
        placeholder="Name or code"
        value={text}
        maxLength={100}
        onChange={event => setText(event.target.value)}
        onBlur={ask}
        className="min-h-8 w-36 rounded-control border border-control bg-panel px-2 text-xs text-text placeholder:text-muted pointer-coarse:min-h-11"
      />
    </form>
  )
}
