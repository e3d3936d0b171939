import { ZodError, z } from 'zod'
import { parseIds } from '#domain/id-list.ts'
import { GIVEN_UP, isDatabaseAway, isGivenUp } from '#server/serving/failures.ts'
import { ExportsBusyError, exportReport } from '#server/serving/reports/export.ts'
import { reportRequestSchema } from '#server/serving/reports/question.ts'
import { readReport } from '#server/serving/reports/report.ts'
import type { Serving } from '#server/serving/serving.ts'
import { procedure, router } from './trpc.ts'

/** What the page Reports asks. Figures of the batch path alone. */
export const reportsRouter = router({
  get: procedure.input(reportRequestSchema).query(({ ctx, input }) => readReport(ctx.serving.sql, input)),
})

const RETRY_SECONDS = 5

/** What an address asks for: lists with commas, as the page writes them. */
const addressSchema = z
  .strictObject({
    view: z.string(),
    grain: z.string().optional(),
    from: z.string(),
    to: z.string(),
    stores: z.string().transform(parseIds).optional(),
    currency: z.string(),
    compare: z.string().optional(),
    metric: z.string().optional(),
    /** A column, with a minus before it for descending. */
    sort: z
      .string()
      .transform(text => ({ by: text.replace(/^-/, ''), descending: text.startsWith('-') }))
      .optional(),
    search: z.string().optional(),
    stockout: z.literal('only').optional(),
  })
  .transform(({ stockout, ...asked }) => ({ ...asked, stockoutOnly: stockout === 'only' }))

/** Answers a request for a report's file. Errors are problem+json that says what to do. */
export async function answerReportFile(request: Request, { sql }: Pick<Serving, 'sql'>): Promise<Response> {
  try {
    const address = addressSchema.parse(Object.fromEntries(new URL(request.url).searchParams))
    const asked = reportRequestSchema.parse(address)
    const { name, content } = await exportReport(sql, asked)
    return new Response(content, {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': `attachment; filename="${name}"`,
        'Cache-Control': 'no-store',
      },
    })
  } catch (error) {
    if (error instanceof ZodError) return problem(400, 'Bad Request', z.prettifyError(error))
    if (error instanceof ExportsBusyError) return problem(503, 'Service Unavailable', error.message)
    if (isDatabaseAway(error)) {
      return problem(503, 'Service Unavailable', 'The database does not answer. Try again in a moment.')
    }
    if (isGivenUp(error)) return problem(503, 'Service Unavailable', GIVEN_UP)
    throw error
  }
}

function problem(status: number, title: string, detail: string): Response {
  return Response.json(
    { type: 'about:blank', title, status, detail },
    {
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        ...(status === 503 && { 'Retry-After': String(RETRY_SECONDS) }),
      },
    },
  )
}
