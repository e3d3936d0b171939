import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * What of S3 the archive needs, in this process: PUT, GET and DELETE of objects, lists in pages, and the check of
 * signature version 4 as AWS describes it, so that a wrong key or a changed body is refused as there.
 */
export interface S3Server {
  endpoint: string
  objects: Map<string, Buffer>
  /** The next so many requests are answered 503. */
  failNext(requests: number): void
  close(): Promise<void>
}

const PAGE = 2

export async function startS3Server(options: {
  bucket: string
  accessKeyId: string
  secretAccessKey: string
}): Promise<S3Server> {
  const { bucket, accessKeyId, secretAccessKey } = options
  const objects = new Map<string, Buffer>()
  let failing = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    if (failing > 0) {
      failing -= 1
      return refuse(response, 503, 'SlowDown')
    }
    const problem = signatureProblem(request, body, { accessKeyId, secretAccessKey })
    if (problem !== null) return refuse(response, 403, problem)
    const url = new URL(request.url ?? '/', 'http://s3')
    const [, ownBucket, ...rest] = url.pathname.split('/')
    if (ownBucket !== bucket) return refuse(response, 404, 'NoSuchBucket')
    const key = decodeURIComponent(rest.join('/'))
    if (request.method === 'PUT') {
      objects.set(key, body)
      response.end()
    } else if (request.method === 'DELETE') {
      objects.delete(key)
      response.writeHead(204).end()
    } else if (url.searchParams.get('list-type') === '2') response.end(listed(url.searchParams))
    else {
      const found = objects.get(key)
      if (found) response.end(found)
      else refuse(response, 404, 'NoSuchKey')
    }
  }

  function listed(query: URLSearchParams): string {
    const keys = [...objects.keys()]
      .filter(
        key => key.startsWith(query.get('prefix') ?? '') && key > (query.get('continuation-token') ?? ''),
      )
      .sort()
    const page = keys.slice(0, PAGE)
    const next = keys.length > PAGE ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    return `<ListBucketResult>${page.map(key => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join('')}${next}</ListBucketResult>`
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    failNext(requests) {
      failing = requests
    },
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. @returns the code of the error, or null */
function signatureProblem(
  request: IncomingMessage,
  body: Buffer,
  key: { accessKeyId: string; secretAccessKey: string },
): string | null {
  const { headers, method = '', url = '/' } = request
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (!given) return 'AccessDenied'
  const [, accessKeyId, date = '', region = '', signed = '', signature] = given
  if (accessKeyId !== key.accessKeyId) return 'InvalidAccessKeyId'
  const claimed = String(headers['x-amz-content-sha256'])
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const [path = '', query = ''] = url.split('?')
  const canonical = [
    method,
    path,
    [...new URLSearchParams(query)]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.split(';').map(name => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    claimed,
  ].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(Buffer.from(canonical))].join('\n')
  const signingKey = [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${key.secretAccessKey}`),
  )
  return hmac(signingKey, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
