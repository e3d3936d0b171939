import { readReport } from '#server/serving/reports/read-report.ts'
import { reportRequestSchema } from '#server/serving/reports/report-request.ts'
import { procedure, router } from './trpc.ts'

/** What the page Reports asks. Figures of the batch path alone. */
export const reportsRouter = router({
  get: procedure.input(reportRequestSchema).query(({ ctx, input }) => readReport(ctx.serving.sql, input)),
})
