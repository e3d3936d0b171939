/**
 * Every table as Drizzle sees it. The migrations are the source: a test compares both. Instants are `Date`s
 * here and epoch milliseconds in raw SQL (`db/client.ts`).
 */
export * from './batch.ts'
export * from './intake.ts'
export * from './live.ts'
export * from './log.ts'
export * from './recon.ts'
export * from './ref.ts'
export * from './stream.ts'
