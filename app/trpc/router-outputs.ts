import type { inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '#server/web/trpc/router.ts'

/** What each procedure answers, by its path: `RouterOutputs['live']['board']`. */
export type RouterOutputs = inferRouterOutputs<AppRouter>
