import { ChartColumn, Columns2, type LucideIcon } from 'lucide-react'

export interface Page {
  href: string
  title: string
  icon: LucideIcon
}

/** The pages there are, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  { href: '/', title: 'Side by side', icon: Columns2 },
  { href: '/reports', title: 'Reports', icon: ChartColumn },
]
