'use client'

import { Bell, BellOff } from 'lucide-react'
import { Button } from '#app/ui/button.tsx'
import { useStored } from '#app/ui/use-stored.ts'

/** Whether new alerts are kept from popping up, in this browser. */
export function useAlertsMuted(): [isMuted: boolean, setMuted: (muted: boolean) => void] {
  const [stored, store] = useStored('tillstream.alerts-muted')
  return [stored === 'yes', muted => store(muted ? 'yes' : null)]
}

/** Mutes the toasts. The count in the navigation stays. */
export function MuteSwitch() {
  const [isMuted, setMuted] = useAlertsMuted()
  return (
    <Button
      kind="quiet"
      className="w-full justify-start gap-2.5 px-2.5"
      aria-pressed={isMuted}
      onClick={() => setMuted(!isMuted)}
    >
      {isMuted ? (
        <BellOff aria-hidden="true" className="size-4" />
      ) : (
        <Bell aria-hidden="true" className="size-4" />
      )}
      Mute new alerts
    </Button>
  )
}
