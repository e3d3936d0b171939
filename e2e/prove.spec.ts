import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '#platform/environment.ts'
import { Coverage } from './prove/coverage.ts'
import { drawPlan, type Plan, type Step } from './prove/plan.ts'
import type { PlantName } from './prove/plant.ts'
import { ProofFailed, playPlan } from './prove/play.ts'
import { dayOf } from './prove/sent.ts'
import { shrinkPlan } from './prove/shrink.ts'
import { expect, placeTest as test } from './stack/test.ts'

const SEEDS = [1, 2, 3]
const REGRESSIONS = path.join(projectRoot, 'e2e/regressions')
/** One for each place where a fault may sit: intake, stream, batch, and the way to the page. */
const PLANTED: readonly PlantName[] = [
  'business day by UTC',
  'late event counted twice',
  'returns left out',
  'changes not told',
]
/** Within so many seeds each of them is found: see docs/testing.md. */
const FOUND_WITHIN = 5

test.describe('the whole system equals a plain model of it', () => {
  for (const file of readdirSync(REGRESSIONS).sort()) {
    test(`where it once did not: ${path.basename(file, '.json').replaceAll('-', ' ')}`, async ({
      stackPlace,
    }) => {
      await playPlan(JSON.parse(readFileSync(path.join(REGRESSIONS, file), 'utf8')) as Plan, stackPlace)
    })
  }
  for (const seed of SEEDS) {
    test(`under seed ${seed}`, async ({ stackPlace }) => {
      await playPlan(drawPlan(seed), stackPlace)
    })
  }
  for (const plant of PLANTED) {
    test(`and does not when a fault is planted: ${plant}`, async ({ stackPlace }) => {
      let found: unknown = null
      for (let seed = 1; seed <= FOUND_WITHIN && found === null; seed += 1) {
        found = await playPlan(drawPlan(seed), stackPlace, { plant }).then(
          () => null,
          error => error,
        )
      }
      expect(found).toBeInstanceOf(ProofFailed)
    })
  }
})

test.describe('what a proof is made of', () => {
  test('a seed draws one plan, another seed another', () => {
    expect(drawPlan(7)).toEqual(drawPlan(7))
    expect(drawPlan(7).steps).not.toEqual(drawPlan(8).steps)
  })

  test('two hundred seeds leave no pair of values out', () => {
    const coverage = new Coverage()
    for (let seed = 1; seed <= 200; seed += 1) {
      let fault = 'nothing beside'
      for (const step of drawPlan(seed).steps) {
        if (step.do === 'fault') fault = step.fault
        if (step.do !== 'send') continue
        for (const { type, lateness, repeat, store } of step.events)
          coverage.add({ type, lateness, repeat, store, path: step.path, fault })
        fault = 'nothing beside'
      }
    }
    expect(coverage.empty()).toEqual([])
  })

  test('the smallest plan that fails is what its fault needs', async () => {
    const plan = drawPlan(3)
    const culprit = plan.steps
      .find((step): step is Extract<Step, { do: 'send' }> => step.do === 'send')
      ?.events.at(-1)
    const hasCulprit = ({ steps }: Plan) =>
      steps.some(step => step.do === 'send' && step.events.some(event => event.id === culprit?.id))
    const smallest = await shrinkPlan(
      plan,
      async candidate => hasCulprit(candidate),
      () => true,
    )
    expect(smallest.steps).toMatchObject([{ do: 'send', events: [{ id: culprit?.id }] }, { do: 'quiet' }])
  })

  test("the model's business day is that of the worked examples", () => {
    expect(dayOf(Date.parse('2026-03-02T02:30:00Z'), 'berlin')).toBe('2026-03-01')
    expect(dayOf(Date.parse('2026-10-25T00:30:00Z'), 'berlin')).toBe('2026-10-24')
    expect(dayOf(Date.parse('2026-10-25T02:59:59.999Z'), 'berlin')).toBe('2026-10-24')
    expect(dayOf(Date.parse('2026-10-25T03:00:00Z'), 'berlin')).toBe('2026-10-25')
    expect(dayOf(Date.parse('2026-10-24T18:30:00Z'), 'kolkata')).toBe('2026-10-25')
  })
})
