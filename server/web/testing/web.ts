import { silentLogger } from '#platform/logger.ts'
import { startWeb, type WebOptions, type WebService } from '#server/web/server.ts'

/**
 * The dashboard's server on a port of its own, with a page that says 'a page' at every address unless pages are given.
 * `errors` are what it has logged as such: the arguments of each call.
 */
export async function startTestWeb(
  databaseUrl: string,
  options: Partial<WebOptions> & { handle?: Awaited<ReturnType<WebOptions['openPages']>>['handle'] } = {},
): Promise<WebService & { errors: unknown[] }> {
  const { handle, ...given } = options
  const logger = silentLogger()
  const errors: unknown[] = []
  logger.error = (...args: unknown[]) => void errors.push(args)
  const web = await startWeb({
    databaseUrl,
    host: '127.0.0.1',
    port: 0,
    intakePort: 1,
    dashboardPassword: undefined,
    dev: false,
    demoNote: null,
    logger,
    openPages: async () => ({
      handle: handle ?? (async (_request, response) => void response.end('a page')),
      upgrade() {},
      async close() {},
    }),
    ...given,
  })
  return { ...web, errors }
}
