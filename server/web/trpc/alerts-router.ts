import { z } from 'zod'
import { actOnFoundAlerts } from '#server/serving/alerts/alert-deeds.ts'
import {
  alertScopeSchema,
  instantSchema,
  readAlert,
  readAlerts,
  VERDICTS,
} from '#server/serving/alerts/alerts.ts'
import { readAlertRates } from '#server/serving/alerts/rates.ts'
import { readReceipt } from '#server/serving/alerts/receipt.ts'
import { listRules, saveRuleVersion } from '#server/serving/alerts/rules.ts'
import { tryRule } from '#server/serving/alerts/try-rule.ts'
import { storesSchema } from '#server/serving/scope.ts'
import { pageSize, procedure, router } from './trpc.ts'

const alertIdSchema = z.string().min(1).max(1_000)
const nameSchema = z.string().trim().max(60).nullish()
const ruleSchema = z.string().min(1).max(100)
const LONGEST_RANGE_MS = 366 * 86_400_000

const parametersSchema = z
  .record(z.string().min(1).max(60), z.number())
  .refine(given => Object.keys(given).length <= 20, { error: 'no rule has as many parameters' })

const rangeSchema = z
  .strictObject({ stores: storesSchema, from: instantSchema, to: instantSchema })
  .refine(({ from, to }) => from < to && to - from <= LONGEST_RANGE_MS, {
    error: '"to" lies after "from", by a year at most',
  })

/** What the rules found, what people say of it, and the rules themselves. */
export const alertsRouter = router({
  list: procedure
    .input(
      z.strictObject({ scope: alertScopeSchema, cursor: z.string().max(4_000).nullish(), limit: pageSize }),
    )
    .query(({ ctx, input }) => readAlerts(ctx.serving.sql, input)),
  get: procedure
    .input(z.strictObject({ alertId: alertIdSchema }))
    .query(({ ctx, input }) => readAlert(ctx.serving.sql, input.alertId)),
  receipt: procedure
    .input(
      z.strictObject({
        source: z.string().min(1).max(256),
        id: z.string().min(1).max(512),
        eventTime: instantSchema,
      }),
    )
    .query(({ ctx, input }) => readReceipt(ctx.serving.sql, input)),
  act: procedure
    .input(
      z.strictObject({
        alertIds: z.array(alertIdSchema).min(1).max(200),
        deed: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('assign'), assignee: nameSchema.transform(name => name || null) }),
          z.strictObject({
            kind: z.literal('verdict'),
            verdict: z.enum(VERDICTS),
            note: z
              .string()
              .trim()
              .max(1_000)
              .nullish()
              .transform(note => note || null),
          }),
          z.strictObject({ kind: z.literal('reopen') }),
        ]),
        by: nameSchema,
      }),
    )
    .mutation(({ ctx, input: { by, ...given } }) =>
      actOnFoundAlerts(ctx.serving.sql, { ...given, by: by || null }),
    ),
  rates: procedure.input(rangeSchema).query(({ ctx, input }) => readAlertRates(ctx.serving.sql, input)),
  rules: procedure.query(({ ctx }) => listRules(ctx.serving.sql)),
  saveRule: procedure
    .input(
      z.strictObject({
        rule: ruleSchema,
        isOn: z.boolean(),
        parameters: parametersSchema,
        by: nameSchema,
      }),
    )
    .mutation(({ ctx, input: { by, ...version } }) =>
      saveRuleVersion(ctx.serving.sql, { ...version, by: by || null }),
    ),
  tryRule: procedure
    .input(z.strictObject({ rule: ruleSchema, parameters: parametersSchema, range: rangeSchema }))
    .query(({ ctx, input: { range, ...tried } }) => tryRule(ctx.serving.sql, { ...tried, ...range })),
})
