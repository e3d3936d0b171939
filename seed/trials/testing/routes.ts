import { readdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import { projectRoot } from '#platform/environment.ts'
import type { Pages } from '#server/web/pages.ts'

// What `app/` answers to, read from its files, so that a new page or route is tried by itself.

const APP = path.join(projectRoot, 'app')

/** The addresses of every page.tsx and every route.ts, with `x` for what is a parameter. */
export async function readAddresses(): Promise<{ pages: string[]; routes: string[] }> {
  const files = await readdir(APP, { recursive: true })
  const named = (name: string) =>
    files.filter(file => path.basename(file) === name).map(file => addressOf(file, 'x'))
  return { pages: named('page.tsx'), routes: named('route.ts') }
}

/** Every parameter that some page reads from its address. */
export async function readAddressParameters(): Promise<string[]> {
  const states: Record<string, unknown> = await import(path.join(APP, 'url-state.ts'))
  return [
    ...new Set(
      Object.entries(states)
        .filter(([name, state]) => name.endsWith('State') && typeof state === 'object')
        .flatMap(([, state]) => Object.keys(state as object)),
    ),
  ]
}

/** Serves the routes as Next does, and an empty page for every other address. */
export async function openRoutes(): Promise<Pages> {
  const files = (await readdir(APP, { recursive: true })).filter(file => path.basename(file) === 'route.ts')
  const handlers = await Promise.all(
    files.map(async file => ({
      pattern: new RegExp(`^${addressOf(file, '[^/]+').replaceAll('.', '\\.')}$`),
      methods: (await import(path.join(APP, file))) as Record<string, Handler>,
    })),
  )

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const found = handlers.find(({ pattern }) => pattern.test(url.pathname))
    const handler = found?.methods[request.method === 'HEAD' ? 'GET' : (request.method ?? '')]
    if (handler === undefined) {
      response.writeHead(found ? 405 : 200).end()
      return
    }
    const answer = await handler(webRequest(url, request))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  }

  return { handle, upgrade: (_request, socket) => socket.destroy(), close: async () => {} }
}

type Handler = (request: Request) => Response | Promise<Response>

function addressOf(file: string, parameter: string): string {
  const folder = path.dirname(file)
  return folder === '.' ? '/' : `/${folder.replaceAll(/\[[^\]]+\]/g, parameter)}`
}

function webRequest(url: URL, request: IncomingMessage): Request {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  const body = request.method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' } : {}
  return new Request(url, { method: request.method ?? 'GET', headers, ...body } as RequestInit)
}
