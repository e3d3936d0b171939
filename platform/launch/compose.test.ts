import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { serverSettings } from '#db/embedded/server-settings.ts'
import { projectRoot, readEnvironment } from '#platform/environment.ts'
import { isProcessName, processEntries, processNames } from './processes.ts'

const conditions = z.enum(['service_started', 'service_healthy', 'service_completed_successfully'])
const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  profiles: z.array(z.string()).default([]),
  restart: z.enum(['no', 'unless-stopped']),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }),
  depends_on: z
    .record(z.string(), z.object({ condition: conditions, required: z.boolean().default(true) }))
    .default({}),
})
const composition = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
})

const read = (name: string) => readFileSync(path.join(projectRoot, name), 'utf8')
const text = read('docker-compose.yml')
const { services, volumes } = composition.parse(parse(text, { merge: true }))
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined)
const given = {
  POSTGRES_PASSWORD: 'secret-1',
  INTAKE_KEY: 'key-1',
  DASHBOARD_PASSWORD: 'password-1',
}

/** As Compose puts variables in place. @throws its message where one is required and missing */
function interpolate(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    const found = variables[name]
    if (found) return found
    if (kind === '?') throw new Error(rest)
    return rest
  })
}

function environmentOf(name: string, variables: Readonly<Record<string, string>> = given) {
  return Object.fromEntries(
    Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
      key,
      interpolate(value, variables),
    ]),
  )
}

describe('the composition', () => {
  test('runs every process of an installation in a container of its own, and a seeder for the demo', () => {
    expect(Object.keys(services).sort()).toEqual([...processNames, 'postgres', 'seed'].sort())
    expect(services.simulate?.profiles).toEqual(['demo'])
    expect(services.seed?.profiles).toEqual(['demo'])
    expect(services.seed?.restart).toBe('no')
  })

  test.each(ours)(
    '%s runs a program that exists, asks after the right process, and cannot change the image',
    (name, one) => {
      const entry = isProcessName(name) ? processEntries[name] : 'platform/launch/seed-once.ts'
      expect(one.command).toEqual(['node', entry])
      expect(existsSync(path.join(projectRoot, entry))).toBe(true)
      expect(one.healthcheck).toEqual(
        isProcessName(name)
          ? { test: ['CMD', 'node', 'platform/launch/health.ts', name] }
          : { disable: true },
      )
      expect(one.read_only).toBe(true)
    },
  )

  test.each(ours)('%s gets settings that its program accepts, and no other variables', name => {
    const settings = environmentOf(name)
    // What is unknown would be ignored without a word: only names of the example file are settings.
    const known = new Set([...read('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, key]) => key))
    for (const key of Object.keys(settings)) expect([...known, 'DEMO_NOTE']).toContain(key)
    const environment = readEnvironment({ ...imageEnvironment(), ...settings })
    expect(environment.databaseUrl).toBe('postgres://tillstream:secret-1@postgres:5432/tillstream')
    expect(environment.dataDir).toBe('/data')
  })

  test('its dashboard and simulators reach the intake where it listens', () => {
    for (const name of ['web', 'simulate'])
      expect(readEnvironment(environmentOf(name)).intakeUrl).toBe('http://intake:3001')
    const intake = readEnvironment({ ...imageEnvironment(), ...environmentOf('intake') })
    expect(intake).toMatchObject({ host: '0.0.0.0', intakePort: 3001, intakeKey: 'key-1' })
    expect(readEnvironment(environmentOf('simulate')).intakeKey).toBe('key-1')
  })

  test.each(Object.keys(given))('does not start without %s, and says so', name => {
    const { [name]: _left, ...rest } = given as Record<string, string>
    expect(() => interpolate(text, rest)).toThrow(`set ${name}`)
  })

  test('lets only this machine in by default', () => {
    for (const { ports } of Object.values(services))
      for (const port of ports) expect(interpolate(port, {})).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
    expect(services.web?.ports.map(port => interpolate(port, {}))).toEqual(['127.0.0.1:3000:3000'])
    expect(services.intake?.ports.map(port => interpolate(port, {}))).toEqual(['127.0.0.1:3001:3001'])
  })

  test('waits for what is there, and only for signs that are given', () => {
    for (const { depends_on, profiles } of Object.values(services)) {
      for (const [name, { condition, required }] of Object.entries(depends_on)) {
        const awaited = services[name]
        if (condition === 'service_healthy') expect(awaited?.healthcheck.test).toBeDefined()
        if (condition === 'service_completed_successfully') expect(awaited?.restart).toBe('no')
        // A service of the demo may be awaited by others only where they do without it.
        if (required)
          expect(profiles).toEqual(expect.arrayContaining(awaited?.profiles ?? ['unknown service']))
      }
    }
  })

  test('keeps in named volumes what must outlive a container', () => {
    const named = Object.values(services).flatMap(one => one.volumes.map(volume => volume.split(':')[0]))
    expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort())
    // Since version 18 the image keeps its data one folder further down.
    expect(services.postgres?.volumes).toEqual(['postgres:/var/lib/postgresql'])
    for (const name of ['intake', 'jobs', 'seed', 'simulate'])
      expect(services[name]?.volumes).toEqual(['data:/data'])
  })

  test('its Postgres is of a fixed version and set as the embedded one is, with more memory', () => {
    expect(services.postgres?.image).toMatch(/^postgres:18\.\d+$/)
    const embedded = serverSettings({ memoryBytes: 8 * 2 ** 30, durable: true, maxConnections: 100 })
    const given = services.postgres?.command.slice(1).map(part => part.replace(/^-c/, '').split('=')) ?? []
    const fixed = given.filter(([name]) => name !== 'shared_buffers')
    expect(fixed.length).toBeGreaterThan(5)
    for (const [name = '', value] of fixed)
      expect([name, value]).toEqual([name, embedded[name]?.replaceAll("'", '')])
  })
})

describe('the image', () => {
  test('runs on the Node that the project brings elsewhere', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: { node: string }
    }
    expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${optionalDependencies.node}-slim\n`)
  })

  test('runs as a user without rights, and takes no secret along', () => {
    expect(read('Dockerfile')).toMatch(/^USER node$/m)
    expect(read('Dockerfile')).not.toMatch(/KEY|PASSWORD|DATABASE_URL/)
    expect(read('.dockerignore').split('\n')).toEqual(
      expect.arrayContaining(['.env', '.env.*', '.data', '.git']),
    )
  })

  test('leaves nothing out of which the pages are built', () => {
    const ignored = read('.dockerignore').split('\n')
    for (const source of [
      'app',
      'server',
      'domain',
      'db',
      'package.json',
      'package-lock.json',
      'next.config.js',
    ])
      expect(ignored).not.toContain(source)
  })
})

/** The variables that the Dockerfile sets. */
function imageEnvironment(): Record<string, string> {
  const lines = /^ENV ([\s\S]*?[^\\])$/m.exec(read('Dockerfile'))?.[1] ?? ''
  return Object.fromEntries(
    [...lines.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

beforeAll(() => {
  expect(ours).toHaveLength(processNames.length + 1)
})
