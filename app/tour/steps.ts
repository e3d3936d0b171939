/** One stop of the guided tour. */
export interface TourStep {
  /** The page it is about; a hash brings its part into sight. */
  href: string
  title: string
  text: string
}

/** The idea of this system in six stops. */
export const TOUR_STEPS: readonly TourStep[] = [
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
