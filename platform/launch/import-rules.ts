/** A part of the project, by the folders and files that belong to it. */
export type Area = Readonly<{
  name: string
  /** Paths from the project's folder: a folder ends with a slash. */
  places: readonly string[]
  /** Places it may import from, beside itself. */
  allowed: readonly string[]
}>

const foundation = ['domain/', 'db/', 'platform/']
const log = ['server/log/', ...foundation]
const settings = 'platform/'

/**
 * Which part may import from which: the arrows of docs/architecture.md. The first area that a file belongs to
 * is its own, so files that may do more stand before their folder.
 */
export const areas: readonly Area[] = [
  { name: 'domain', places: ['domain/'], allowed: [] },
  { name: 'db', places: ['db/'], allowed: ['domain/', settings] },
  { name: 'log', places: ['server/log/'], allowed: foundation },
  { name: 'stream', places: ['server/stream/'], allowed: [...log, settings] },
  {
    // The commands of the batch path also reconcile (which reads both paths) and import journals and reviews.
    name: 'jobs entry point',
    places: ['jobs/main.ts', 'jobs/schedule/main.ts', 'jobs/wired-jobs.ts'],
    allowed: ['jobs/', 'server/serving/', 'server/intake/', ...log, settings],
  },
  { name: 'jobs', places: ['jobs/'], allowed: log },
  { name: 'intake', places: ['server/intake/'], allowed: [...log, settings] },
  { name: 'serving', places: ['server/serving/'], allowed: [...log, settings] },
  { name: 'trpc', places: ['server/web/trpc/'], allowed: ['server/serving/', 'domain/'] },
  { name: 'live', places: ['server/web/live/'], allowed: ['server/serving/', ...log] },
  {
    name: 'web',
    places: ['server/web/'],
    allowed: ['server/web/', 'server/serving/', ...log, settings],
  },
  {
    name: 'app',
    places: ['app/'],
    allowed: ['server/web/trpc/', 'server/web/live/messages.ts', 'domain/'],
  },
  {
    name: 'seeder',
    places: [
      'seed/seeder/main.ts',
      'seed/seeder/seed-log.ts',
      'seed/seeder/seed-log.integration.test.ts',
      'seed/seeder/write-reference.ts',
      'seed/seeder/both-paths.ts',
      'seed/seeder/',
      'seed/seeder/seeding.integration.test.ts',
    ],
    allowed: ['seed/', ...log, settings],
  },
  {
    // Each scenario is held to what it promises: the simulators against a real intake, then both paths.
    name: 'trials of the scenarios',
    places: ['seed/trials/'],
    allowed: ['seed/', 'server/', 'jobs/', ...foundation],
  },
  {
    // What plays is asked for, and told, in the database. Nothing that is sold goes that way.
    name: "the simulators' control channel",
    places: ['seed/simulators/control/', 'seed/simulators/main.ts'],
    allowed: ['seed/', ...foundation, settings],
  },
  {
    // The rest of it, with the simulators, reaches the system as tills do: over HTTP and by files. (An event's hash
    // is a pure function of the event.)
    name: 'seed',
    places: ['seed/'],
    allowed: ['domain/', 'server/log/body-hash.ts', 'seed/seeder/command-line.ts', settings],
  },
  { name: 'launch', places: ['server/launch/'], allowed: [...foundation, settings] },
  // They measure, and drive, the whole: so they may start every part.
  {
    name: 'benchmarks',
    places: ['bench/'],
    allowed: ['server/', 'jobs/', 'seed/', 'e2e/browser/', ...foundation],
  },
  { name: 'browser tests', places: ['e2e/'], allowed: ['server/', 'jobs/', 'seed/', ...foundation] },
]

/** Whether `file` lies in one of the places. */
export function liesIn(file: string, places: readonly string[]): boolean {
  return places.some(place => (place.endsWith('/') ? file.startsWith(place) : file === place))
}
