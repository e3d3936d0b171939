import type { Certificate, CertificateDocument } from '#domain/certificate.ts'
import type { Reading } from './transaction.ts'

const COLUMNS = `certificate, document, digest, written_at as "writtenAt",
  digest = encode(sha256(convert_to(document::text, 'UTF8')), 'hex') as "isIntact"`

/** Keeps a certificate for good. */
export async function writeCertificate(
  reading: Reading,
  document: CertificateDocument,
): Promise<Certificate> {
  const [row] = await reading.unsafe<Certificate[]>(
    `insert into stream.certificates (document, digest)
     select given, encode(sha256(convert_to(given::text, 'UTF8')), 'hex') from (select $1::text::jsonb) as d(given)
     returning ${COLUMNS}`,
    [JSON.stringify(document)],
  )
  if (!row) throw new Error('the certificate was not written')
  return row
}

/** @returns null where there is none of that number */
export async function readCertificate(reading: Reading, certificate: number): Promise<Certificate | null> {
  const [row] = await reading.unsafe<Certificate[]>(
    `select ${COLUMNS} from stream.certificates where certificate = $1`,
    [certificate],
  )
  return row ?? null
}

/** Newest first. */
export async function readCertificates(reading: Reading, most: number): Promise<Certificate[]> {
  return reading.unsafe<Certificate[]>(
    `select ${COLUMNS} from stream.certificates order by certificate desc limit $1`,
    [most],
  )
}

/** The newest one about these two generations, whichever of them was active then. */
export async function newestAbout(
  reading: Reading,
  [one, other]: readonly [number, number],
): Promise<Certificate | null> {
  const [row] = await reading.unsafe<Certificate[]>(
    `select ${COLUMNS} from stream.certificates
     where (from_generation, to_generation) in (($1::integer, $2::integer), ($2::integer, $1::integer))
     order by certificate desc limit 1`,
    [one, other],
  )
  return row ?? null
}

/** `1 row differs`, `3 rows differ`. */
export function differingRows({ differences }: Pick<CertificateDocument, 'differences'>): string {
  return differences === 1 ? '1 row differs' : `${differences} rows differ`
}

/**
 * Why a generation may not become the active one, by the newest certificate about both.
 * @returns null where it may
 */
export function refusalOf(newest: Certificate | null, candidate: number): string | null {
  if (!newest) {
    return `generation ${candidate} has no certificate yet: have it compared with the active one first (by command: "npm run replay -- --certify ${candidate}")`
  }
  const { certificate, isIntact, document } = newest
  if (!isIntact) {
    return `certificate ${certificate} does not say what was written: somebody has changed it. Ask for a new one`
  }
  if (document.verdict === 'refused') {
    return `certificate ${certificate} refuses it: ${differingRows(document)}. Ask for a new one when that is explained`
  }
  return null
}
