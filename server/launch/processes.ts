/** The processes of an installation, each with its entry point. None keeps state outside Postgres. */
export const processEntries = {
  web: 'server/web/main.ts',
  intake: 'server/intake/main.ts',
  stream: 'server/stream/main.ts',
  jobs: 'jobs/schedule-main.ts',
  simulate: 'seed/simulate-main.ts',
} as const

export type ProcessName = keyof typeof processEntries

export const processNames = Object.keys(processEntries).filter(isProcessName)

export function isProcessName(name: string): name is ProcessName {
  return Object.hasOwn(processEntries, name)
}
