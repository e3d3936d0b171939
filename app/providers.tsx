'use client'

import { ThemeProvider } from 'next-themes'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import { LiveProvider } from '#app/socket/live-provider.tsx'
import { QueryProvider } from '#app/trpc/client.tsx'

/** What every page stands on: theme, state in the address, queries, the live socket. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider attribute="data-theme" disableTransitionOnChange>
      <NuqsAdapter>
        <QueryProvider>
          <LiveProvider>{children}</LiveProvider>
        </QueryProvider>
      </NuqsAdapter>
    </ThemeProvider>
  )
}
