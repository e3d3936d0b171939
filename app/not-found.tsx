import Link from 'next/link'
import { PAGES } from '#app/shell/pages.ts'
import { buttonLook } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'

export default function NotFound() {
  return (
    <div className="pt-4">
      <Card title="There is no page at this address">
        <ul className="flex gap-2">
          {PAGES.map(page => (
            <li key={page.href}>
              <Link href={page.href} className={buttonLook()}>
                {page.title}
              </Link>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  )
}
