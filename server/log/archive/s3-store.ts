import { createWriteStream, openAsBlob } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { AwsClient } from 'aws4fetch'
import { ArchiveError } from '#domain/log-archive.ts'
import type { S3Settings } from '#platform/environment.ts'
import type { ArchiveStore } from './archive-store.ts'

/** What S3 takes in one request. A day of ten million orders is some 400 MB, so nothing is sent in parts. */
const MAX_PUT_BYTES = 5 * 1024 ** 3
/** Answers 429 and 5xx are tried again after a growing pause. */
const RETRIES = 4

/**
 * An archive in a bucket of S3, or of what speaks its language. An object appears when its last byte has come, so no
 * half of a file is ever seen.
 * @param address s3://bucket/prefix
 * @throws ArchiveError where no key is set
 */
export function openS3Store(address: string, settings: S3Settings | undefined): ArchiveStore {
  const { accessKeyId, secretAccessKey, sessionToken, region, endpoint } = settings ?? {}
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ArchiveError(`${address} needs a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`)
  }
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(region !== undefined && { region }),
    service: 's3',
    retries: RETRIES,
  })
  const { host: bucket, pathname } = new URL(address)
  const prefix = pathname.replace(/^\/|\/$/g, '')
  const base = bucketAddress({ bucket, endpoint, region })
  const keyOf = (name: string) => (prefix === '' ? name : `${prefix}/${name}`)
  const urlOf = (name: string) => `${base}/${keyOf(name).split('/').map(encodeURIComponent).join('/')}`

  async function ask(url: string, what: string, init: RequestInit = {}): Promise<Response> {
    let answer: Response
    try {
      answer = await client.fetch(url, init)
    } catch (cause) {
      throw new ArchiveError(`${what}: ${new URL(url).host} cannot be reached: ${reasonOf(cause)}`, { cause })
    }
    if (answer.ok || answer.status === 404) return answer
    const said = await answer.text()
    const code = /<Code>([^<]+)<\/Code>/.exec(said)?.[1] ?? 'no reason given'
    throw new ArchiveError(`${what}: S3 answers ${answer.status} (${code})`)
  }

  async function found(answer: Response, name: string): Promise<Response> {
    if (answer.status !== 404) return answer
    throw new ArchiveError(`${name} is missing in ${address}`)
  }

  async function put(name: string, init: RequestInit): Promise<void> {
    const answer = await ask(urlOf(name), `${name} is not written`, { ...init, method: 'PUT' })
    if (!answer.ok) throw new ArchiveError(`${name} is not written: there is no bucket "${bucket}"`)
    await answer.body?.cancel()
  }

  return {
    address,
    async list(begins) {
      const names: string[] = []
      let token: string | undefined
      do {
        const query = new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix: keyOf(begins) })
        if (token !== undefined) query.set('continuation-token', token)
        const answer = await ask(`${base}/?${query}`, `${address} is not listed`)
        if (!answer.ok) throw new ArchiveError(`${address} is not listed: there is no bucket "${bucket}"`)
        const page = await answer.text()
        for (const [, key = ''] of page.matchAll(/<Key>([^<]+)<\/Key>/g)) {
          names.push(decodeURIComponent(key).slice(prefix === '' ? 0 : prefix.length + 1))
        }
        token = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(page)?.[1]
      } while (token !== undefined)
      return names.sort()
    },
    async readText(name) {
      const answer = await ask(urlOf(name), `${name} is not read`)
      return answer.status === 404 ? null : answer.text()
    },
    writeText: (name, text) => put(name, { body: text }),
    async upload(name, file) {
      if (file.bytes > MAX_PUT_BYTES) {
        throw new ArchiveError(`${name} has ${file.bytes} bytes: S3 takes ${MAX_PUT_BYTES} in one piece`)
      }
      await put(name, {
        body: await openAsBlob(file.path),
        // So that S3 refuses bytes that were changed on the way.
        headers: { 'x-amz-content-sha256': file.sha256 },
      })
    },
    async localPath(name, folder) {
      const answer = await found(await ask(urlOf(name), `${name} is not read`), name)
      const local = path.join(folder, name.replaceAll('/', '_'))
      await pipeline(
        Readable.fromWeb((answer.body ?? new Blob([]).stream()) as ReadableStream),
        createWriteStream(local),
      )
      return local
    },
    localFolder: folder => folder,
    async remove(name) {
      const answer = await ask(urlOf(name), `${name} is not removed`, { method: 'DELETE' })
      await answer.body?.cancel()
    },
  }
}

/** AWS takes the bucket as part of the host, except one with a dot, which its certificate does not cover. */
function bucketAddress(given: {
  bucket: string
  endpoint: string | undefined
  region: string | undefined
}): string {
  const { bucket, endpoint, region } = given
  if (endpoint !== undefined) return `${endpoint}/${bucket}`
  return bucket.includes('.')
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error
    ? cause.message || String(('code' in cause && cause.code) || cause.name)
    : String(cause)
}
