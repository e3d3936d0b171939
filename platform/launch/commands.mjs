/**
 * Every npm script's program, by command. `dev` says that it needs development dependencies (it builds the
 * pages, or tests), `settings` that it reads `.env`.
 *
 * @type {Readonly<Record<string, Readonly<{ entry: string, dev: boolean, settings: boolean }>>>}
 */
export const commands = {
  demo: { entry: 'platform/launch/demo.ts', dev: true, settings: true },
  build: { entry: 'platform/launch/build.ts', dev: true, settings: false },
  start: { entry: 'platform/launch/start.ts', dev: false, settings: true },
  seed: { entry: 'seed/seeder/main.ts', dev: false, settings: true },
  simulate: { entry: 'seed/simulators/main.ts', dev: false, settings: true },
  stores: { entry: 'server/intake/stores/main.ts', dev: false, settings: true },
  import: { entry: 'server/intake/files/main.ts', dev: false, settings: true },
  jobs: { entry: 'jobs/main.ts', dev: false, settings: true },
  stream: { entry: 'server/stream/main.ts', dev: false, settings: true },
  replay: { entry: 'server/stream/replay/main.ts', dev: false, settings: true },
  reconcile: { entry: 'server/serving/reconcile/main.ts', dev: false, settings: true },
  bench: { entry: 'bench/main.ts', dev: false, settings: true },
  pictures: { entry: 'e2e/take-pictures.ts', dev: true, settings: false },
  // Tests and checks must not depend on what somebody wrote into .env.
  test: { entry: 'platform/launch/test.ts', dev: true, settings: false },
  check: { entry: 'platform/launch/check.ts', dev: true, settings: false },
}
