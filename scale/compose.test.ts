import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { projectRoot } from '#platform/environment.ts'

interface Service {
  image: string
  build?: string
  command?: string[]
  profiles?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string; required?: boolean }>
  volumes?: string[]
  ports?: string[]
  healthcheck?: { disable?: boolean; test?: string[] }
  cap_drop?: string[]
  deploy?: { resources: { limits: { memory: string } } }
}

interface ComposeFile {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

const text = (...file: string[]) => readFileSync(path.join(projectRoot, ...file), 'utf8')
const compose = parse(text('docker-compose.yml'), { merge: true }) as ComposeFile
const services = Object.entries(compose.services)
const isThere = (file: string) => existsSync(path.join(projectRoot, file))

/** What the Compose Specification has against a file; null: nothing. */
function problemsOf(file: unknown): string | null {
  const { $schema: _, $id: __, ...schema } = JSON.parse(text('scale/testing/compose-spec.json'))
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  return ajv.validate(schema, file) ? null : ajv.errorsText()
}

test('docker-compose.yml is what the schema of the Compose Specification asks for', () => {
  expect(problemsOf(compose)).toBeNull()
})

test('it would not be with a service that has a field or a value of its own', () => {
  const [name = '', service] = services[0] ?? []
  const changed = (change: object) => ({ ...compose, services: { [name]: { ...service, ...change } } })
  expect(problemsOf(changed({ profile: 'kafka' }))).toMatch(/additional properties/)
  expect(problemsOf(changed({ depends_on: { kafka: { condition: 'healthy' } } }))).toMatch(/condition/)
})

test('each service runs a program or a class that is there, in an image that is made here or pinned', () => {
  for (const [name, { image, build, command = [] }] of services) {
    for (const argument of command.filter(one => one.endsWith('.ts')))
      expect(isThere(argument), name).toBe(true)
    for (const argument of command.filter(one => one.startsWith('tillstream.')))
      expect(isThere(`scale/flink/src/main/java/${argument.replaceAll('.', '/')}.java`), argument).toBe(true)
    if (build === undefined) expect(image, name).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.]+)?$/)
    else expect(isThere(path.join(build, 'Dockerfile')), name).toBe(true)
  }
})

test('what images are made from is pinned too: to the Node of package.json, to the Flink of pom.xml', () => {
  const { optionalDependencies, version } = JSON.parse(text('package.json'))
  expect(text('Dockerfile')).toContain(`NODE_IMAGE=node:${optionalDependencies.node}-slim`)
  const docker = text('scale/flink/Dockerfile')
  const [, flink = ''] = /<flink.version>(.*)<\/flink.version>/.exec(text('scale/flink/pom.xml')) ?? []
  const [, release = ''] = /<maven.compiler.release>(.*)<\/maven/.exec(text('scale/flink/pom.xml')) ?? []
  expect(docker).toContain(`FLINK_IMAGE=flink:${flink}-java${release}\n`)
  expect(docker).toContain(`tillstream-flink-${version}.jar`)
  expect(docker).toMatch(/MAVEN_IMAGE=maven:\d+\.\d+\.\d+-eclipse-temurin-17\n/)
  const lock = text('scale/flink/jars.lock.json')
  expect(lock).toContain(`flink-streaming-java-${flink}.jar`)
})

test('a broker is of one version wherever it runs: of the jars, in compose and in Kubernetes', () => {
  const [, version = ''] = /kafka_2\.13-([\d.]+)\.jar/.exec(text('scale/kafka/jars.lock.json')) ?? []
  for (const file of ['docker-compose.yml', 'scale/kubernetes/kafka.yaml'])
    expect(text(file).match(/apache\/kafka:\S+/g), file).toEqual([`apache/kafka:${version}`])
})

test('settings are such as our programs know, and such as .env.example or this file explains', () => {
  const known = new Set(text('platform/environment.ts').match(/\b[A-Z][A-Z_]{3,}\b/g))
  const own = services.filter(([, { image }]) => image === 'tillstream:local')
  expect(own.length).toBeGreaterThan(5)
  for (const [name, { environment = {} }] of own)
    for (const setting of Object.keys(environment)) expect(known, `${name}: ${setting}`).toContain(setting)
  const flink = compose.services['flink-jobmanager']?.environment ?? {}
  expect(flink.DATABASE_URL).toBe(compose.services.stream?.environment?.DATABASE_URL)
  expect(flink.KAFKA_URL).toBe(compose.services.stream?.environment?.KAFKA_URL)
})

test('services wait for, mount and publish what there is, and nothing is open to other machines', () => {
  for (const [name, service] of services) {
    for (const [other, { required = true }] of Object.entries(service.depends_on ?? {})) {
      const { profiles } = compose.services[other] ?? { profiles: ['none'] }
      // What is waited for runs wherever the one that waits does, or need not be there.
      const isThereToo = !profiles || service.profiles?.every(profile => profiles.includes(profile))
      expect(isThereToo || !required, `${name} waits for ${other}`).toBe(true)
    }
    for (const volume of service.volumes ?? [])
      expect(compose.volumes, name).toHaveProperty(volume.split(':')[0] ?? '')
    for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/)
  }
})

test('each says how it is, and takes no more memory than it is given', () => {
  for (const [name, { healthcheck, deploy }] of services) {
    expect(healthcheck?.disable === true || (healthcheck?.test?.length ?? 0) > 0, name).toBe(true)
    expect(deploy?.resources.limits.memory, name).toMatch(/^\d+M$/)
  }
})

test('profiles that documents name are there, and those that are there are named', () => {
  const there = new Set(services.flatMap(([, { profiles = [] }]) => profiles))
  const documents = ['README.md', 'docs/growing.md', 'docs/operating.md', 'docker-compose.yml'].map(file =>
    text(file),
  )
  const named = documents.flatMap(document =>
    [...document.matchAll(/--profile (\w+)/g)].map(([, one = '']) => one),
  )
  expect([...new Set(named)].sort()).toEqual([...there].sort())
})
