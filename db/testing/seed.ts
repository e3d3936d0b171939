import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Seed of everything random in this run. */
    randomSeed: number
  }
}

/** Vitest's global setup: gives every test the run's seed, and prints how to repeat the run. */
export default function announceSeed(project: TestProject): void {
  const { seed } = project.vitest.config.sequence
  project.provide('randomSeed', seed)
  console.log(
    `${project.name} tests use random seed ${seed} (to repeat: npx vitest run --sequence.seed=${seed})`,
  )
}
