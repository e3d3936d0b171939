import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { projectRoot, readEnvironment, readKafkaBrokers } from '#platform/environment.ts'

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  stringData?: Record<string, string>
  spec?: {
    selector?: Record<string, unknown>
    template?: { metadata?: { labels?: Record<string, string> }; spec: PodSpec }
    volumeClaimTemplates?: { metadata: { name: string } }[]
  }
}

interface Container {
  image: string
  args?: string[]
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  volumeMounts?: { name: string }[]
  ports?: { name: string; containerPort: number }[]
}

interface PodSpec {
  enableServiceLinks?: boolean
  initContainers?: Container[]
  containers: Container[]
  volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[]
}

/** The system with its log in Kafka, and what Flink adds to it: a folder each. */
const FOLDERS = ['kubernetes', 'kubernetes-flink'] as const
const SCALE = path.resolve(import.meta.dirname, '..')

function filesOf(folder: string): string[] {
  return readdirSync(path.join(SCALE, folder)).filter(name => name.endsWith('.yaml'))
}

function read(folder: string, file: string): Manifest[] {
  return parseAllDocuments(readFileSync(path.join(SCALE, folder, file), 'utf8')).map(document => {
    expect(document.errors).toEqual([])
    return document.toJS() as Manifest
  })
}

interface Kustomization {
  resources: string[]
  images: { name: string; newName: string; newTag: string }[]
}
const kustomizationOf = (folder: string) => read(folder, 'kustomization.yaml')[0] as unknown as Kustomization

const manifests = FOLDERS.flatMap(folder =>
  filesOf(folder)
    .filter(file => file !== 'kustomization.yaml')
    .flatMap(file => read(folder, file)),
)
const pods = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []))
const containers = pods.flatMap(pod => [...pod.containers, ...(pod.initContainers ?? [])])

/** What the schema of its kind has against a manifest; null: nothing. It lets fields pass that it does not know. */
async function problemOf(manifest: object): Promise<string | null> {
  const { apiVersion, kind } = manifest as Manifest
  const name = `kubernetes-models/${apiVersion}/${kind}`
  const module = await import(/* @vite-ignore */ name)
  const Model = module[kind] as new (data: unknown) => { validate(): void }
  try {
    new Model(manifest).validate()
    return null
  } catch (error) {
    return String(error)
  }
}

describe('the manifests for Kubernetes', () => {
  test.each(manifests.map(manifest => [`${manifest.kind} ${manifest.metadata.name}`, manifest]))(
    '%s is what the schema of Kubernetes asks for',
    async (_, manifest) => {
      expect(await problemOf(manifest)).toBeNull()
    },
  )

  test('would not be with a wrong value, or without one that is asked for', async () => {
    const [deployment] = manifests.filter(({ kind }) => kind === 'Deployment')
    expect(await problemOf({ ...deployment, spec: { ...deployment?.spec, replicas: 'two' } })).toMatch(
      /replicas/,
    )
    expect(await problemOf({ ...deployment, spec: { replicas: 2 } })).toMatch(/selector/)
  })

  test('are all named by the kustomization of their folder, but for the example of a secret', () => {
    const [ours, flink] = FOLDERS.map(folder => ({
      files: filesOf(folder),
      named: [...kustomizationOf(folder).resources, 'kustomization.yaml'],
    }))
    expect([...(ours?.named ?? []), 'secret.example.yaml'].sort()).toEqual(ours?.files.sort())
    expect(flink?.named.sort()).toEqual(['../kubernetes', ...(flink?.files ?? [])].sort())
  })

  test('run images of one version each: ours, that of package.json, and those that docker-compose.yml runs', () => {
    const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
      version: string
    }
    const ours = FOLDERS.flatMap(folder => kustomizationOf(folder).images)
    for (const { newTag } of ours) expect(newTag).toBe(version)
    const compose = readFileSync(path.join(projectRoot, 'docker-compose.yml'), 'utf8')
    for (const { image } of containers) {
      if (ours.some(({ name }) => name === image)) continue
      expect(image).toMatch(/:\d+\.\d+/)
      expect(compose).toContain(`image: ${image}\n`)
    }
  })

  test('run programs that are there, and give them settings that they know', () => {
    const programs = containers.flatMap(({ args = [] }) => args)
    const ours = programs.filter(argument => argument.endsWith('.ts'))
    expect(ours).toContain('server/log/archiver/main.ts')
    for (const program of ours) expect(existsSync(path.join(projectRoot, program)), program).toBe(true)
    const [mainClass = ''] = programs.filter(argument => argument.startsWith('tillstream.'))
    expect(
      existsSync(path.join(SCALE, 'flink/src/main/java', `${mainClass.replaceAll('.', '/')}.java`)),
    ).toBe(true)
    const settings: Record<string, string> = Object.assign(
      {},
      ...manifests.map(({ data, stringData }) => ({ ...data, ...stringData })),
    )
    expect(readEnvironment(settings)).toMatchObject({ host: '0.0.0.0', intakeUrl: 'http://intake:3001' })
    expect(readKafkaBrokers(settings)).toHaveLength(3)
  })

  test('refer to what there is: settings, volumes, pods of services', () => {
    const named = (kind: string) =>
      manifests.filter(manifest => manifest.kind === kind).map(({ metadata }) => metadata.name)
    const labels = manifests.map(({ spec }) => spec?.template?.metadata?.labels)
    for (const { kind, spec } of manifests) {
      if (kind === 'Service') expect(labels).toContainEqual(spec?.selector)
      const templates = spec?.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? []
      const pod = spec?.template?.spec
      const volumes = [...templates, ...(pod?.volumes?.map(({ name }) => name) ?? [])]
      for (const claim of pod?.volumes?.flatMap(volume => volume.persistentVolumeClaim ?? []) ?? [])
        expect(named('PersistentVolumeClaim')).toContain(claim.claimName)
      for (const { volumeMounts = [], envFrom = [] } of [
        ...(pod?.containers ?? []),
        ...(pod?.initContainers ?? []),
      ]) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name)
        for (const { configMapRef, secretRef } of envFrom) {
          if (configMapRef) expect(named('ConfigMap')).toContain(configMapRef.name)
          if (secretRef) expect(named('Secret')).toContain(secretRef.name)
        }
      }
    }
  })

  test('let no service of the cluster pass for a setting', () => {
    expect(pods.length).toBeGreaterThan(6)
    for (const pod of pods) expect(pod.enableServiceLinks).toBe(false)
  })
})
