import { z } from 'zod'
import { DEMO_SPEEDS } from '#domain/demo-speed.ts'
import { ALL_JOBS, JOBS } from '#domain/reports.ts'
import { readBackpressure } from '#server/serving/pipeline/backpressure.ts'
import { readCompleteness, readReconciliations } from '#server/serving/pipeline/checks.ts'
import { readCosts } from '#server/serving/pipeline/costs.ts'
import {
  discardDeadLetter,
  listDeadLetters,
  listLetterGroups,
  readDeadLetter,
  requeueDeadLetter,
  requeueLetters,
} from '#server/serving/pipeline/dead-letters.ts'
import { readDropFolders } from '#server/serving/pipeline/drop-folders.ts'
import { readFaults, requestFault } from '#server/serving/pipeline/faults.ts'
import { readFlow } from '#server/serving/pipeline/flow.ts'
import { findCertificate, readGenerationBoard } from '#server/serving/pipeline/generations.ts'
import { readCell, readJobGrid } from '#server/serving/pipeline/job-grid.ts'
import { readJobRequests, requestJob } from '#server/serving/pipeline/job-requests.ts'
import { readLagSamples } from '#server/serving/pipeline/lag-samples.ts'
import { listLateSales, readLateWay } from '#server/serving/pipeline/late-sales.ts'
import { readLateness } from '#server/serving/pipeline/lateness.ts'
import { listRuns } from '#server/serving/pipeline/ledger.ts'
import { readReplays, requestReplay } from '#server/serving/pipeline/replays.ts'
import { readScenarios, setSpeed, startScenario, stopScenario } from '#server/serving/pipeline/scenarios.ts'
import { acceptSetAside, listSetAside, withdrawAcceptance } from '#server/serving/pipeline/set-aside.ts'
import { readSources } from '#server/serving/pipeline/sources.ts'
import { readStreamProcesses } from '#server/serving/pipeline/stream-processes.ts'
import { readTimeline } from '#server/serving/pipeline/timeline.ts'
import { readWitnesses } from '#server/serving/pipeline/witnesses.ts'
import { businessDaySchema } from '#server/serving/scope.ts'
import { pageSize, procedure, router } from './trpc.ts'

const cursor = z.int().min(1).nullish()
const name = z.string().min(1).max(256)
const number = z.int().min(1)
const setAsideKey = {
  path: z.enum(['batch', 'stream', 'log']),
  partition: z.int().min(0).max(32_767),
  offset: z.int().min(1),
}
/** As people call themselves. */
const by = z.string().trim().max(60).nullish()
/** The intake takes no larger request. */
const MAX_PAYLOAD = 1_048_576

/** What the Pipeline page reads, and what can be done on it. */
export const pipelineRouter = router({
  flow: procedure.query(({ ctx }) => readFlow(ctx.serving)),
  sources: procedure.query(({ ctx }) => readSources(ctx.serving)),
  lagSamples: procedure.query(({ ctx }) => readLagSamples(ctx.serving)),
  lateness: procedure
    .input(z.strictObject({ by: z.enum(['store', 'source']) }))
    .query(({ ctx, input }) => readLateness(ctx.serving, input)),
  late: router({
    list: procedure.query(({ ctx }) => listLateSales(ctx.serving)),
    way: procedure
      .input(z.strictObject({ partition: setAsideKey.partition, offset: setAsideKey.offset }))
      .query(({ ctx, input }) => readLateWay(ctx.serving, input)),
  }),
  dropFolders: procedure.query(({ ctx }) => readDropFolders(ctx.serving)),
  jobs: router({
    list: procedure.query(() => ({
      jobs: JOBS.map(({ name: job, summary, grain, takesRange }) => ({ job, summary, grain, takesRange })),
      all: ALL_JOBS,
    })),
    grid: procedure.query(({ ctx }) => readJobGrid(ctx.serving)),
    cell: procedure
      .input(z.strictObject({ job: name, period: businessDaySchema }))
      .query(({ ctx, input }) => readCell(ctx.serving, input)),
    runs: procedure
      .input(
        z
          .strictObject({
            job: name.optional(),
            state: z.enum(['running', 'succeeded', 'failed', 'abandoned']).optional(),
            store: name.optional(),
            cursor,
            limit: pageSize,
          })
          .prefault({}),
      )
      .query(({ ctx, input }) => listRuns(ctx.serving, input)),
    requests: procedure.query(({ ctx }) => readJobRequests(ctx.serving)),
    request: procedure
      .input(
        z.strictObject({ job: name, from: businessDaySchema.nullish(), to: businessDaySchema.nullish() }),
      )
      .mutation(({ ctx, input }) => requestJob(ctx.serving, input)),
  }),
  letters: router({
    list: procedure
      .input(
        z
          .strictObject({
            state: z.enum(['open', 'requeued', 'discarded']).optional(),
            reason: name.optional(),
            source: z.string().max(256).optional(),
            search: z.string().max(256).optional(),
            cursor,
            limit: pageSize,
          })
          .prefault({}),
      )
      .query(({ ctx, input }) => listDeadLetters(ctx.serving, input)),
    get: procedure
      .input(z.strictObject({ deadLetter: number }))
      .query(({ ctx, input }) => readDeadLetter(ctx.serving, input.deadLetter)),
    requeue: procedure
      .input(z.strictObject({ deadLetter: number, payload: z.string().min(1).max(MAX_PAYLOAD) }))
      .mutation(({ ctx, input }) => requeueDeadLetter(ctx.serving, input)),
    groups: procedure.query(({ ctx }) => listLetterGroups(ctx.serving)),
    requeueGroup: procedure
      .input(
        z.strictObject({
          reason: name,
          source: z.string().max(256).optional(),
          repair: z
            .discriminatedUnion('kind', [
              z.strictObject({
                kind: z.literal('set'),
                field: name,
                from: z.string().max(1_000).optional(),
                to: z.string().max(1_000),
              }),
              z.strictObject({ kind: z.literal('rename'), field: name, to: name }),
              z.strictObject({ kind: z.literal('remove'), field: name }),
            ])
            .nullable(),
          after: z.int().min(0).optional(),
        }),
      )
      .mutation(({ ctx, input }) => requeueLetters(ctx.serving, input)),
    discard: procedure
      .input(z.strictObject({ deadLetter: number, reason: z.string().trim().min(1).max(500) }))
      .mutation(({ ctx, input }) => discardDeadLetter(ctx.serving, input)),
  }),
  setAside: router({
    list: procedure.query(({ ctx }) => listSetAside(ctx.serving)),
    accept: procedure
      .input(z.strictObject({ ...setAsideKey, because: z.string().trim().min(1).max(500), by }))
      .mutation(({ ctx, input }) => acceptSetAside(ctx.serving, { ...input, by: input.by || null })),
    withdraw: procedure
      .input(z.strictObject({ ...setAsideKey, by }))
      .mutation(({ ctx, input }) => withdrawAcceptance(ctx.serving, { ...input, by: input.by || null })),
  }),
  witnesses: procedure.query(({ ctx }) => readWitnesses(ctx.serving)),
  reconciliations: procedure.query(({ ctx }) => readReconciliations(ctx.serving)),
  completeness: procedure.query(({ ctx }) => readCompleteness(ctx.serving)),
  timeline: procedure.query(({ ctx }) => readTimeline(ctx.serving)),
  backpressure: procedure.query(({ ctx }) => readBackpressure(ctx.serving)),
  costs: procedure.query(({ ctx }) => readCosts(ctx.serving)),
  streamProcesses: procedure.query(({ ctx }) => readStreamProcesses(ctx.serving)),
  generations: router({
    board: procedure.query(({ ctx }) => readGenerationBoard(ctx.serving)),
    certificate: procedure
      .input(z.strictObject({ certificate: number }))
      .query(({ ctx, input }) => findCertificate(ctx.serving, input.certificate)),
  }),
  replays: router({
    board: procedure.query(({ ctx }) => readReplays(ctx.serving)),
    request: procedure
      .input(
        z.strictObject({
          kind: z.enum(['rebuild', 'switch_back', 'certify', 'switch']),
          to: z.int().min(1).nullable().default(null),
          acceptsDifferences: z.boolean(),
          by,
        }),
      )
      .mutation(({ ctx, input }) => requestReplay(ctx.serving, { ...input, by: input.by || null })),
  }),
  faults: router({
    board: procedure.query(({ ctx }) => readFaults(ctx.serving)),
    request: procedure
      .input(z.strictObject({ name, by }))
      .mutation(({ ctx, input }) => requestFault(ctx.serving, { ...input, by: input.by || null })),
  }),
  scenarios: router({
    board: procedure.query(({ ctx }) => readScenarios(ctx.serving)),
    setSpeed: procedure
      .input(z.strictObject({ speed: z.literal([...DEMO_SPEEDS]), by }))
      .mutation(({ ctx, input }) => setSpeed(ctx.serving, { ...input, by: input.by || null })),
    start: procedure
      .input(z.strictObject({ scenario: name, minutes: z.int().min(1).max(1_440).nullable() }))
      .mutation(({ ctx, input }) => startScenario(ctx.serving, input)),
    stop: procedure
      .input(z.strictObject({ run: number }))
      .mutation(({ ctx, input }) => stopScenario(ctx.serving, input.run)),
  }),
})
