import './globals.css'

import { CSPProvider } from '@base-ui/react/csp-provider'
import type { Metadata, Viewport } from 'next'
import localFont from 'next/font/local'
import { headers } from 'next/headers'
import { ThemeProvider } from 'next-themes'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import { AlertToasts } from '#app/shell/alert-toasts.tsx'
import { SideBar, TopBar } from '#app/shell/navigation.tsx'
import { Tour } from '#app/shell/tour.tsx'
import { LiveProvider } from '#app/socket/live.tsx'
import { QueryProvider } from '#app/trpc/client.tsx'

// From the npm package, copied into the build: nothing is downloaded when building or running. Latin is
// preloaded with a fallback of the same metrics (no jump when it arrives); the extension only when a
// store's name needs it.
const inter = localFont({
  src: '../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  weight: '100 900',
  variable: '--font-inter',
  display: 'swap',
  adjustFontFallback: 'Arial',
})

const interExtended = localFont({
  src: '../node_modules/@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2',
  weight: '100 900',
  variable: '--font-inter-ext',
  display: 'swap',
  preload: false,
  adjustFontFallback: false,
  declarations: [
    {
      prop: 'unicode-range',
      value:
        'U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+1E00-1E9F, U+1EF2-1EFF, U+20A0-20C0, U+2113, U+2C60-2C7F, U+A720-A7FF',
    },
  ],
})

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

/** The number that inline scripts and styles of this answer carry: the server puts its policy into the request. */
async function readNonce(): Promise<string | undefined> {
  const policy = (await headers()).get('content-security-policy')
  return /'nonce-([^']+)'/.exec(policy ?? '')?.[1]
}

/** What every page stands on: theme, state in the address, queries, the live socket; and the navigation around it. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = await readNonce()
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
        <CSPProvider nonce={nonce}>
          <ThemeProvider attribute="data-theme" disableTransitionOnChange nonce={nonce}>
            <NuqsAdapter>
              <QueryProvider>
                <LiveProvider>
                  <div className="flex min-h-dvh flex-col lg:flex-row">
                    <SideBar />
                    <TopBar />
                    <main id="content" tabIndex={-1} className="min-w-0 grow px-4 pb-10 outline-none lg:px-7">
                      {children}
                    </main>
                  </div>
                  <AlertToasts />
                  <Tour />
                </LiveProvider>
              </QueryProvider>
            </NuqsAdapter>
          </ThemeProvider>
        </CSPProvider>
      </body>
    </html>
  )
}
