import { serving } from '#server/serving/serving.ts'
import type { TrpcContext } from './trpc.ts'

/** The context of one request: the process's connections to the database. */
export function createTrpcContext(): TrpcContext {
  return { serving: serving() }
}
