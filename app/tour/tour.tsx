'use client'

import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { TOUR_STEPS } from '#app/tour/steps.ts'
import { showTourStep, useTourStep } from '#app/tour/tour-state.ts'
import { useIsDemo } from '#app/tour/use-is-demo.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { useHydrated } from '#app/ui/use-hydrated.ts'
import { useStored } from '#app/ui/use-stored.ts'

/**
 * The guided tour: a panel in the corner that walks through the pages, which stay alive and in use beside
 * it. Opens by itself on the first visit to a demo; at any time from the navigation.
 */
export function Tour() {
  const step = useTourStep()
  const [seen, setSeen] = useStored('tillstream.tour')
  const isFirstVisit = useHydrated() && seen === null
  const router = useRouter()
  const next = useRef<HTMLButtonElement>(null)
  const isDemo = useIsDemo()

  useEffect(() => {
    if (isFirstVisit && isDemo) showTourStep(0)
  }, [isFirstVisit, isDemo])

  const shown = step === null ? undefined : TOUR_STEPS[step]
  if (step === null || !shown) return null
  const isLast = step === TOUR_STEPS.length - 1

  function go(to: number): void {
    const target = TOUR_STEPS[to]
    if (!target) return
    showTourStep(to)
    router.push(target.href)
  }
  function end(): void {
    showTourStep(null)
    setSeen('seen')
  }
  function goByKey(event: KeyboardEvent): void {
    if (event.key === 'ArrowRight') go((step ?? 0) + 1)
    if (event.key === 'ArrowLeft') go((step ?? 0) - 1)
  }

  return (
    <Dialog.Root open modal={false} disablePointerDismissal onOpenChange={open => !open && end()}>
      <Dialog.Portal>
        <Dialog.Popup
          initialFocus={next}
          onKeyDown={goByKey}
          className="fixed inset-x-2 bottom-2 z-30 rounded-card border border-line bg-panel p-4 text-sm shadow-popup outline-none sm:right-auto sm:left-4 sm:w-96 sm:bottom-4 lg:left-56"
        >
          <div className="flex items-start justify-between gap-3">
            <div>
              <p className="text-2xs text-muted">
                Tour, {step + 1} of {TOUR_STEPS.length}
              </p>
              <Dialog.Title className="text-sm font-semibold">{shown.title}</Dialog.Title>
            </div>
            <Dialog.Close
              aria-label="Skip the tour"
              className={buttonLook({ kind: 'icon', className: '-mt-1 -mr-1' })}
            >
              <X aria-hidden="true" className="size-4" />
            </Dialog.Close>
          </div>
          <Dialog.Description className="mt-1.5 min-h-28 text-xs text-muted">{shown.text}</Dialog.Description>
          <div className="mt-3 flex items-center gap-2">
            <Button kind="quiet" onClick={end} className="mr-auto -ml-2">
              {isLast ? 'Close' : 'Skip'}
            </Button>
            <Button disabled={step === 0} onClick={() => go(step - 1)}>
              Back
            </Button>
            <Button ref={next} onClick={() => (isLast ? end() : go(step + 1))}>
              {isLast ? 'Done' : 'Next'}
            </Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
