/** A part of the project, by the folders and files that belong to it. */
export type Area = Readonly<{
  name: string
  /** Paths from the project's folder: a folder ends with a slash. */
  places: readonly string[]
  /** Places it may import from, beside itself. */
  allowed: readonly string[]
}>

const foundation = ['domain/', 'db/']
const path = ['server/log/', ...foundation]

/**
 * Which part may import from which: the arrows of docs/architecture.md. The first area that a file belongs to
 * counts, so an entry point that may do more stands before its folder.
 */
export const areas: readonly Area[] = [
  { name: 'domain', places: ['domain/'], allowed: [] },
  { name: 'db', places: ['db/'], allowed: ['domain/'] },
  { name: 'environment', places: ['server/environment.ts', 'server/environment.test.ts'], allowed: [] },
  { name: 'log', places: ['server/log/'], allowed: foundation },
  {
    name: 'stream',
    places: ['server/stream/'],
    allowed: [...path, 'server/environment.ts'],
  },
  {
    // The batch path's commands also reconcile and import: that is what design.md lets its entry point do.
    name: 'jobs entry point',
    places: ['jobs/main.ts', 'jobs/schedule-main.ts'],
    allowed: [
      'jobs/',
      ...path,
      'server/serving/',
      'server/intake/',
      'server/environment.ts',
    ],
  },
  { name: 'jobs', places: ['jobs/'], allowed: [...path] },
  {
    name: 'intake',
    places: ['server/intake/'],
    allowed: [...path, 'server/environment.ts'],
  },
  {
    name: 'serving',
    places: ['server/serving/'],
    allowed: [...path, 'server/environment.ts'],
  },
  { name: 'trpc', places: ['server/trpc/'], allowed: ['server/serving/', 'domain/'] },
  { name: 'live', places: ['server/live/'], allowed: ['server/serving/', ...path] },
  {
    name: 'web',
    places: ['server/web/'],
    allowed: [
      'server/trpc/',
      'server/live/',
      'server/serving/',
      'server/environment.ts',
      ...path,
    ],
  },
  { name: 'app', places: ['app/'], allowed: ['server/trpc/', 'server/serving/shapes.ts', 'domain/'] },
  {
    // Simulators reach the system as tills do: over HTTP and by journal files.
    name: 'simulators',
    places: ['seed/simulate-main.ts', 'seed/simulators/'],
    allowed: ['seed/', 'domain/', 'server/environment.ts'],
  },
  { name: 'seed', places: ['seed/'], allowed: [...path, 'server/environment.ts'] },
  {
    name: 'launch',
    places: ['server/launch/'],
    allowed: [...foundation, 'server/environment.ts'],
  },
  {
    // They measure every part, so they may start every part.
    name: 'benchmarks',
    places: ['bench/'],
    allowed: [...path, 'server/', 'jobs/', 'seed/'],
  },
  { name: 'browser tests', places: ['e2e/'], allowed: [...path, 'server/', 'jobs/', 'seed/'] },
]

/** Whether `file` lies in one of the places. */
export function liesIn(file: string, places: readonly string[]): boolean {
  return places.some(place => (place.endsWith('/') ? file.startsWith(place) : file === place))
}
