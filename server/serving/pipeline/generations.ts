import { newestAbout, readCertificate, readCertificates, refusalOf } from '#db/certificates.ts'
import type { Certificate } from '#domain/certificate.ts'
import { type Engine, OWN_ENGINE } from '#domain/engine.ts'
import type { Instant } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { type PartitionLag, readLag, readStreamStand, totalLag } from '#server/serving/freshness/positions.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A generation of the stream's tables, what follows the log with it, and how far. */
export interface GenerationStand {
  generation: number
  engine: Engine
  state: 'building' | 'active' | 'retired'
  rulesVersion: number
  activatedAt: Instant | null
  /** Who is connected and has its partitions. */
  owners: string[]
  watermark: Instant | null
  processedAt: Instant | null
  partitions: PartitionLag[]
  lagEvents: number
  lagMs: number
  /** Whether it can be held against the active one and switched to as another engine's, or as ours from another one's. */
  isOtherEngine: boolean
  /** The newest about it and the active one; null: none. */
  certificate: Certificate | null
  /** Why it cannot be switched to as things are; null: it can. Of ours none is asked for: what counts is found at the switch. */
  refusal: string | null
}

export interface GenerationBoard {
  now: Instant
  /** By number. */
  generations: GenerationStand[]
  /** Newest first. */
  certificates: Certificate[]
}

const SHOWN_CERTIFICATES = 10

/** Which generations there are, who follows with each, and what certificates say of them. */
export async function readGenerationBoard({ sql }: Pick<Serving, 'sql'>): Promise<GenerationBoard> {
  const [rows, certificates, [clock]] = await Promise.all([
    sql<
      Pick<GenerationStand, 'generation' | 'engine' | 'state' | 'rulesVersion' | 'activatedAt' | 'owners'>[]
    >`
      select g.generation, g.engine, g.state, g.rules_version as "rulesVersion", g.activated_at as "activatedAt", array(
        select distinct o.owner from log.owners o
        join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
        where o.consumer = 'stream/' || g.generation order by o.owner) as owners
      from stream.generations g order by g.generation`,
    readCertificates(sql, SHOWN_CERTIFICATES),
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  const active = rows.find(({ state }) => state === 'active')
  if (!active || !clock) throw new Error('the state of the stream came back empty')
  const generations = await Promise.all(
    rows.map(async row => {
      const { basis, positions } = await readStreamStand(sql, null, row.generation)
      const partitions = await readLag(sql, positions)
      const isOtherEngine = row !== active && row.engine !== active.engine
      const certificate = isOtherEngine ? await newestAbout(sql, [active.generation, row.generation]) : null
      return {
        ...row,
        watermark: basis.watermark,
        processedAt: basis.processedAt,
        partitions,
        ...totalLag(partitions),
        isOtherEngine,
        certificate,
        refusal: isOtherEngine && row.engine !== OWN_ENGINE ? refusalOf(certificate, row.generation) : null,
      }
    }),
  )
  return { now: clock.now, generations, certificates }
}

/** One certificate as it is kept. @throws RefusedError */
export async function findCertificate(
  { sql }: Pick<Serving, 'sql'>,
  certificate: number,
): Promise<Certificate> {
  const found = await readCertificate(sql, certificate)
  if (!found) throw new RefusedError(`There is no certificate ${certificate}.`)
  return found
}
