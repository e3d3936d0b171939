import './globals.css'

import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { AlertToasts } from '#app/alerts/alert-toasts.tsx'
import { inter, interExtended } from '#app/fonts.ts'
import { Providers } from '#app/providers.tsx'
import { SideBar } from '#app/shell/side-bar.tsx'
import { TopBar } from '#app/shell/top-bar.tsx'
import { Tour } from '#app/tour/tour.tsx'

export const metadata: Metadata = {
  title: { template: '%s · Tillstream', default: 'Tillstream' },
  description: 'One order log, two paths, one truth: batch and stream side by side, to the cent.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f7f5' },
    { media: '(prefers-color-scheme: dark)', color: '#111211' },
  ],
}

export default function RootLayout({ children }: { children: ReactNode }) {
  // The theme is set on <html> by a script before the first paint, which React must not undo.
  return (
    <html lang="en" className={`${inter.variable} ${interExtended.variable}`} suppressHydrationWarning>
      <body className="font-sans">
        <a
          href="#content"
          className="fixed top-2 left-2 z-50 -translate-y-20 rounded-control bg-text px-3 py-2 text-bg focus:translate-y-0"
        >
          Skip to the content
        </a>
        <Providers>
          <div className="flex min-h-dvh flex-col lg:flex-row">
            <SideBar />
            <TopBar />
            <main id="content" tabIndex={-1} className="min-w-0 grow px-4 pb-10 outline-none lg:px-7">
              {children}
            </main>
          </div>
          <AlertToasts />
          <Tour />
        </Providers>
      </body>
    </html>
  )
}
