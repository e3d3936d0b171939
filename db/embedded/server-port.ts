import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'

/** Below 32768, where Linux begins to give out ports to outgoing connections. */
const lowestPort = 20_000
const portCount = 10_000
const attempts = 200

/** The port of the last start, undefined before the first. */
export async function readSavedPort(controlDir: string): Promise<number | undefined> {
  const content = await readFile(portFile(controlDir), 'utf8').catch(() => '')
  const port = Number(content.trim())
  return Number.isInteger(port) && port > 0 ? port : undefined
}

export async function savePort(controlDir: string, port: number): Promise<void> {
  await writeFile(portFile(controlDir), `${port}\n`)
}

/**
 * A free loopback port: the one of the last start if it is free, else the first free one after a place that
 * the folder's name decides, so that two clones rarely try the same.
 */
export async function chooseFreePort(controlDir: string, saved: number | undefined): Promise<number> {
  for (const port of candidatePorts(controlDir, saved)) if (await isPortFree(port)) return port
  throw new EmbeddedPostgresError(
    `None of ${attempts} ports between ${lowestPort} and ${lowestPort + portCount - 1} on 127.0.0.1 is free for the embedded Postgres.`,
  )
}

export function candidatePorts(controlDir: string, saved: number | undefined): number[] {
  const start = createHash('sha256').update(controlDir).digest().readUInt32BE(0)
  const computed = Array.from({ length: attempts }, (_, step) => lowestPort + ((start + step) % portCount))
  return saved === undefined ? computed : [saved, ...computed.filter(port => port !== saved)]
}

export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

function portFile(controlDir: string): string {
  return path.join(controlDir, 'port')
}
