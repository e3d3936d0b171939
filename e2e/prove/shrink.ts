import type { Plan, Step } from './plan.ts'

/**
 * The smallest part of a plan that still fails, found by leaving out ever smaller pieces: whole steps first, then
 * single events of what is sent (delta debugging, Zeller 1999). A quiet point stays at the end: there one looks.
 *
 * @param fails plays a plan; a failure that comes and goes ends the search early, with what has been seen to fail
 * @param goesOn asked before each try
 */
export async function shrinkPlan(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  goesOn: () => boolean,
): Promise<Plan> {
  let smallest = plan
  const tryWith = async (steps: readonly Step[]): Promise<boolean> => {
    const candidate = { ...plan, steps: endingQuiet(steps) }
    // What was left out may have been the quiet point that is put back.
    const isSmaller = sizeOf(candidate) < sizeOf(smallest)
    if (!isSmaller || !goesOn() || candidate.steps.length < 2 || !(await fails(candidate))) return false
    smallest = candidate
    return true
  }
  await leaveOut(smallest.steps, tryWith, () => smallest.steps)
  for (let index = 0; index < smallest.steps.length; index += 1) {
    const step = smallest.steps[index]
    if (step?.do !== 'send' || step.events.length < 2) continue
    const within = (events: typeof step.events) => smallest.steps.with(index, { ...step, events })
    await leaveOut(
      step.events,
      events => tryWith(within(events)),
      () => {
        const now = smallest.steps[index]
        return now?.do === 'send' ? now.events : []
      },
    )
  }
  return smallest
}

function sizeOf({ steps }: Plan): number {
  return steps.reduce((size, step) => size + (step.do === 'send' ? 1 + step.events.length : 1), 0)
}

function endingQuiet(steps: readonly Step[]): readonly Step[] {
  return steps.at(-1)?.do === 'quiet' ? steps : [...steps, { do: 'quiet' }]
}

/** Leaves out half of the items, then quarters, and so on, keeping what still fails. */
async function leaveOut<Item>(
  items: readonly Item[],
  fails: (rest: readonly Item[]) => Promise<boolean>,
  left: () => readonly Item[],
): Promise<void> {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left().length; ) {
      const rest = left().toSpliced(at, size)
      if (rest.length === 0 || !(await fails(rest))) at += size
    }
  }
}
