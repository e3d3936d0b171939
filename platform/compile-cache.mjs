// Preloaded into every process of ours: what Node has compiled of modules, types stripped, is kept, so that a process
// that was killed is back at once. Reading our modules anew is two thirds of the processor time of a start.
import module from 'node:module'
import path from 'node:path'

/** By then a process has loaded what it needs. */
const LOADED_AFTER_MS = 4_000

// A folder that cannot be written, as in a container, only means that nothing is kept.
module.enableCompileCache(path.resolve(import.meta.dirname, '../node_modules/.cache/compiled'))
// By itself Node writes it at an end in good order alone, which a kill is not.
setTimeout(() => module.flushCompileCache(), LOADED_AFTER_MS).unref()
