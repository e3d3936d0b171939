'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { AlertBadge } from '#app/alerts/alert-badge.tsx'
import { PAGES } from '#app/shell/pages.ts'

/** The links of the navigation, for the side bar and for the menu of a phone. */
export function PageLinks({ onNavigate }: { onNavigate?: () => void }) {
  const pathname = usePathname()
  return (
    <ul className="grid gap-0.5">
      {PAGES.map(({ href, title, icon: Icon }) => (
        <li key={href}>
          <Link
            href={href}
            onClick={onNavigate}
            aria-current={pathname === href ? 'page' : undefined}
            className="flex min-h-9 items-center gap-2.5 rounded-[7px] px-2.5 text-sm text-muted hover:text-text aria-[current]:bg-faint aria-[current]:font-medium aria-[current]:text-text pointer-coarse:min-h-11"
          >
            <Icon aria-hidden="true" className="size-4" />
            {title}
            {href === '/restock' ? <AlertBadge /> : null}
          </Link>
        </li>
      ))}
    </ul>
  )
}
