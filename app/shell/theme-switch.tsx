'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useTheme } from 'next-themes'
import { SegmentedControl } from '#app/ui/segmented-control.tsx'
import { useHydrated } from '#app/ui/use-hydrated.ts'

const THEMES = [
  { value: 'light', name: 'Light', label: <Sun aria-hidden="true" className="size-4" /> },
  { value: 'system', name: 'As the system', label: <Monitor aria-hidden="true" className="size-4" /> },
  { value: 'dark', name: 'Dark', label: <Moon aria-hidden="true" className="size-4" /> },
] as const

type Theme = (typeof THEMES)[number]['value']

/** Light, dark, or what the system says. Only the browser knows the choice, so none is marked before it does. */
export function ThemeSwitch() {
  const { theme, setTheme } = useTheme()
  const chosen = useHydrated() ? ((theme ?? 'system') as Theme) : null
  return <SegmentedControl label="Theme" segments={THEMES} value={chosen} onChange={setTheme} />
}
