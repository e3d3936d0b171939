import { answerReportFile } from '#server/web/trpc/reports-router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** A report as a file: `/api/reports/csv?view=sales&from=…&to=…&currency=EUR`. */
export function GET(request: Request): Promise<Response> {
  return answerReportFile(request, createTrpcContext().serving)
}
