import { createServer, type Server } from 'node:net'

export type PortPair = Readonly<{ port: number; intakePort: number }>

/** Two ports that nobody else can take until they are given up, just before the processes listen on them. */
export type ReservedPorts = PortPair & Readonly<{ giveUp(): Promise<void> }>

/** A port that was asked for and is taken. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

const pairsTried = 100

/**
 * The pairs to try, in order: only the one asked for, or 3000 and those after it.
 *
 * @param wanted undefined where nobody asked for a port
 */
export function candidatePairs(wanted: Partial<PortPair>): PortPair[] {
  const first = wanted.port ?? 3000
  const count = wanted.port === undefined ? pairsTried : 1
  return Array.from({ length: count }, (_, step) => first + 2 * step).map(port => ({
    port,
    intakePort: wanted.intakePort ?? port + 1,
  }))
}

/**
 * Reserves the first free pair.
 *
 * @throws PortTakenError naming the taken port and what to do
 */
export async function reservePorts(host: string, wanted: Partial<PortPair>): Promise<ReservedPorts> {
  let taken = 0
  for (const pair of candidatePairs(wanted)) {
    const web = await listen(host, pair.port)
    const intake = web && (await listen(host, pair.intakePort))
    if (web && intake)
      return { ...pair, giveUp: async () => void (await Promise.all([close(web), close(intake)])) }
    if (web) await close(web)
    taken = web ? pair.intakePort : pair.port
  }
  throw new PortTakenError(explainTaken(taken, host, wanted))
}

function explainTaken(taken: number, host: string, wanted: Partial<PortPair>): string {
  if (taken === wanted.intakePort) {
    return `Port ${taken} on ${host} is taken. Set INTAKE_PORT to another one, or end the program that listens there.`
  }
  if (wanted.port === undefined)
    return `None of ${pairsTried} pairs of ports from 3000 on is free on ${host}.`
  return (
    `Port ${taken} on ${host} is taken (the demo needs ${wanted.port} and ${wanted.intakePort ?? wanted.port + 1}). ` +
    'Choose another with --port, leave it out for the next free pair, or end the program that listens there.'
  )
}

/** The address a person opens: one that means "all addresses" is none. */
export function browserUrl(host: string, port: number): string {
  const name = ['0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** @returns undefined when the port is taken */
function listen(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else
        reject(
          new PortTakenError(`HOST is "${host}", where nothing can listen (${error.message}). Put it right.`),
        )
    })
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

async function close(server: Server): Promise<void> {
  await new Promise(resolve => server.close(resolve))
}
