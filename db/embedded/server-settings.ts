export type SettingsInput = Readonly<{
  /** Memory this machine (or container) may use, in bytes. */
  memoryBytes: number
  /** False only for a throw-away server of the tests: a crash of the machine may then lose or break data. */
  durable: boolean
  maxConnections: number
}>

const mebibyte = 1024 * 1024

/** Settings of the embedded server by name. Sized for two cores and at most 1 GB beside the application. */
export function serverSettings(input: SettingsInput): Record<string, string> {
  const memory = Math.floor(input.memoryBytes / mebibyte)
  // All of it counts once touched, and seeding touches it; twice as much makes nothing quicker at a demo's size (009).
  const sharedBuffers = clamp(Math.floor(memory / 8), { least: 64, most: 128 })
  return {
    listen_addresses: "'127.0.0.1'",
    // TCP only: a socket's path has at most 107 bytes, which a deep clone exceeds.
    unix_socket_directories: "''",
    password_encryption: "'scram-sha-256'",
    max_connections: String(input.maxConnections),
    shared_buffers: `${sharedBuffers}MB`,
    effective_cache_size: `${clamp(Math.floor(memory / 2), { least: 256, most: 4096 })}MB`,
    work_mem: `${memory < 1500 ? 8 : 24}MB`,
    maintenance_work_mem: '64MB',
    wal_buffers: '16MB',
    // Long checkpoints and compressed page images: an ingest of minutes writes each page image once.
    max_wal_size: '2GB',
    min_wal_size: '256MB',
    wal_compression: "'pglz'",
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    // Compiling costs more than it saves at the size of these queries, and its memory is per backend.
    jit: 'off',
    // A query over a year of day partitions locks each of them, with its indexes.
    max_locks_per_transaction: '256',
    max_parallel_workers_per_gather: '2',
    max_parallel_workers: '2',
    autovacuum_naptime: '20s',
    timezone: "'UTC'",
    log_timezone: "'UTC'",
    lc_messages: "'C'",
    log_line_prefix: "'%m [%p] %q%a '",
    log_checkpoints: 'off',
    ...durability(input.durable),
  }
}

/** The settings as a configuration file. */
export function renderSettings(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return `# Written at every start of the embedded Postgres. Own settings: ALTER SYSTEM.\n${lines.join('\n')}\n`
}

function durability(durable: boolean): Record<string, string> {
  const value = durable ? 'on' : 'off'
  return { fsync: value, synchronous_commit: value, full_page_writes: value }
}

function clamp(value: number, { least, most }: { least: number; most: number }): number {
  return Math.min(most, Math.max(least, value))
}
