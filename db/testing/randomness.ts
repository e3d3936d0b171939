import { configureGlobal } from 'fast-check'
import { inject } from 'vitest'

// Property tests draw from the run's seed, so that one printed number repeats them all.
configureGlobal({ seed: inject('randomSeed') })
