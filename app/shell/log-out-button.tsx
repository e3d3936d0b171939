'use client'

import { useQueryClient } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useTRPC } from '#app/trpc/client.tsx'
import { Button } from '#app/ui/button.tsx'

/** Ends the login of this browser, where the dashboard asks for one. A form: the answer takes the page's place. */
export function LogOutButton() {
  if (!useAsksPassword()) return null
  return (
    <form method="post" action="/logout">
      <Button kind="quiet" type="submit" className="w-full justify-start gap-2.5 px-2.5">
        <LogOut aria-hidden="true" className="size-4" />
        Log out
      </Button>
    </form>
  )
}

/** Known as soon as the page has learnt it: looks on without asking, as the tour does. */
function useAsksPassword(): boolean {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return useSyncExternalStore(
    onChange => queryClient.getQueryCache().subscribe(onChange),
    () => queryClient.getQueryData(trpc.overview.get.queryKey())?.asksPassword === true,
    () => false,
  )
}
