'use client'

import { Dialog } from '@base-ui/react/dialog'
import { Compass, X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type KeyboardEvent, useEffect, useRef, useSyncExternalStore } from 'react'
import { useSeenOverview } from '#app/shell/overview.ts'
import { useHydrated, useStored } from '#app/ui/browser-state.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'

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
  // Who runs a shop of their own did not come for a tour.
  const isDemo = typeof useSeenOverview('demoNote') === 'string'

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
              <X className="size-4" />
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
      <Compass className="size-4" />
      Guided tour
    </Button>
  )
}

// One tour a page, begun from the navigation and shown by the layout: neither is above the other.
let current: number | null = null
const listeners = new Set<() => void>()

/** The step that is shown, counted from 0; null while there is no tour. */
function useTourStep(): number | null {
  return useSyncExternalStore(
    subscribe,
    () => current,
    () => null,
  )
}

function showTourStep(step: number | null): void {
  current = step
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** One stop of the guided tour. */
interface TourStep {
  /** The page it is about; a hash brings its part into sight. */
  href: string
  title: string
  text: string
}

/** The idea of this system in six stops. */
const TOUR_STEPS: readonly TourStep[] = [
  {
    href: '/',
    title: 'Batch: slow and settled',
    text: 'Every sale is appended once to one order log. The batch path, marked by the blue square, reads that log on a schedule and rebuilds whole days. Its figures stand still between two runs, which is what one closes the books with.',
  },
  {
    href: '/live',
    title: 'Stream: now, and revised',
    text: 'The stream path, marked by the orange dot, reads the same log as it grows: figures within the second, a minute at a time. Minutes close behind the watermark; a sale that comes late still counts and marks its minute as revised.',
  },
  {
    href: '/#why-they-differ',
    title: 'Their difference, to the cent',
    text: 'Two paths never agree at every moment. Here each difference is taken apart into causes, down to the events behind them. What is left over is called unexplained, and it has to be zero.',
  },
  {
    href: '/restock',
    title: 'Restock: what it is good for',
    text: 'A shelf that runs empty cannot wait for the night. The stream raises an alert with the very sale that made it true, on whatever page you are; take care of it here, and see what to order from whom.',
  },
  {
    href: '/pipeline',
    title: 'Pipeline: look inside',
    text: 'How far each reader has come in the log, which batch runs there were, what could not be processed and why, and whether the log itself misses anything.',
  },
  {
    href: '/pipeline',
    title: 'Now break something',
    text: 'Send a till offline, let clocks go wrong, or bring ten times the customers: the scenarios on this page do it to the running system. Then go back to Side by side: figures part, the causes name it, and unexplained stays at zero.',
  },
]
