import {
  Activity,
  Bell,
  ChartColumn,
  Columns2,
  type LucideIcon,
  PackageOpen,
  ShieldAlert,
  Workflow,
} from 'lucide-react'

export interface Page {
  href: string
  title: string
  icon: LucideIcon
}

/** The pages there are, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  { href: '/', title: 'Side by side', icon: Columns2 },
  { href: '/live', title: 'Live', icon: Activity },
  { href: '/reports', title: 'Reports', icon: ChartColumn },
  { href: '/restock', title: 'Restock', icon: PackageOpen },
  { href: '/alerts', title: 'Alerts', icon: ShieldAlert },
  { href: '/notifications', title: 'Notifications', icon: Bell },
  { href: '/pipeline', title: 'Pipeline', icon: Workflow },
]
