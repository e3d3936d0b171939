'use client'

import { Compass } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { TOUR_STEPS } from '#app/tour/steps.ts'
import { showTourStep } from '#app/tour/tour-state.ts'
import { Button } from '#app/ui/button.tsx'

/** Begins the tour, again or for the first time. */
export function TourButton({ onStart }: { onStart?: () => void }) {
  const router = useRouter()
  return (
    <Button
      kind="quiet"
      className="w-full justify-start gap-2.5 px-2.5"
      onClick={() => {
        onStart?.()
        showTourStep(0)
        router.push(TOUR_STEPS[0]?.href ?? '/')
      }}
    >
      <Compass aria-hidden="true" className="size-4" />
      Guided tour
    </Button>
  )
}
