import { MuteSwitch } from '#app/alerts/mute-switch.tsx'
import { Brand } from '#app/shell/brand.tsx'
import { LogOutButton } from '#app/shell/log-out-button.tsx'
import { PageLinks } from '#app/shell/page-links.tsx'
import { ThemeSwitch } from '#app/shell/theme-switch.tsx'
import { TourButton } from '#app/tour/tour-button.tsx'

/** The navigation beside the page, where there is room for it. */
export function SideBar() {
  return (
    <header className="sticky top-0 hidden h-dvh w-52 shrink-0 flex-col border-r border-line px-3 py-4 lg:flex">
      <div className="px-2.5 pt-1 pb-5">
        <Brand />
      </div>
      <nav aria-label="Pages">
        <PageLinks />
      </nav>
      <div className="mt-auto grid gap-0.5 pt-4">
        <TourButton />
        <MuteSwitch />
        <LogOutButton />
        <div className="px-2.5 pt-2">
          <ThemeSwitch />
        </div>
      </div>
    </header>
  )
}
