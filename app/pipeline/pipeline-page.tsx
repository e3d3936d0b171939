'use client'

import { Tabs } from '@base-ui/react/tabs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import type { ReactNode } from 'react'
import { ChecksPart } from '#app/pipeline/checks/checks-part.tsx'
import { CostsPart } from '#app/pipeline/costs/costs-part.tsx'
import { JobsPart } from '#app/pipeline/jobs/jobs-part.tsx'
import { useLagHistory } from '#app/pipeline/lag/lag-history.ts'
import { LagPart } from '#app/pipeline/lag/lag-part.tsx'
import { LettersPart } from '#app/pipeline/letters/dead-letters.tsx'
import { OverviewPart } from '#app/pipeline/overview/overview.tsx'
import { ScenariosPart } from '#app/pipeline/scenarios/scenarios-part.tsx'
import { StreamPart } from '#app/pipeline/stream/stream-part.tsx'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useAnswersFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { isRefreshed } from '#app/trpc/query-client.ts'
import { useServerNow } from '#app/ui/clock.ts'
import { PARTS, type Part, pipelineState } from '#app/url-state.ts'

const PART_TITLES: Record<Part, string> = {
  overview: 'Overview',
  lag: 'Lag',
  stream: 'Stream',
  jobs: 'Jobs',
  costs: 'Costs',
  letters: 'Dead letters',
  checks: 'Checks',
  scenarios: 'Scenarios',
}

/** Ages tick in between by the browser's clock. Asked only while somebody looks. */
const FLOW_MS = 4_000
/** A tick of the schedule ends a dozen runs within a second: they are read once. */
const CHANGE_GAP_MS = 2_000

/** What the operator of the pipeline looks at: how events flow, what ran, what failed, and what to do about it. */
export function PipelinePage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  // Nothing here is of it, but the layout learns from it who works here, and whether this is a demo.
  useOverview()
  const [{ part }, setState] = useQueryStates(pipelineState, { history: 'push' })
  const flow = useQuery({ ...trpc.pipeline.flow.queryOptions(), refetchInterval: FLOW_MS })
  const now = useServerNow(flow)
  // A stream that stands is what this page shows; old is what is not answered any more.
  const freshness = useAnswersFreshness(flow)
  const history = useLagHistory(flow.data)
  const open = flow.data?.openLetters ?? 0
  const show = (shown: Part) => void setState({ part: shown })
  useRefreshOnChange(
    () =>
      queryClient.invalidateQueries({
        ...trpc.pipeline.pathFilter(),
        predicate: isRefreshed,
      }),
    { of: 'pipelineChanges', gapMs: CHANGE_GAP_MS },
  )

  const parts: Record<Part, ReactNode> = {
    overview: <OverviewPart flow={flow} now={now} history={history} onShow={show} />,
    lag: <LagPart flow={flow} now={now} />,
    stream: <StreamPart />,
    jobs: <JobsPart />,
    costs: <CostsPart />,
    letters: <LettersPart />,
    checks: <ChecksPart />,
    scenarios: <ScenariosPart />,
  }

  return (
    <PageFrame
      title="Pipeline"
      freshness={freshness}
      note="Times are UTC, as the schedule and the logs of the processes are. Days are business days of each store, both ends of a range included."
    >
      <Tabs.Root value={part} onValueChange={value => show(value as Part)}>
        <Tabs.List
          aria-label="Parts of the pipeline"
          className="mb-3 flex flex-wrap gap-x-1 border-b border-line"
        >
          {PARTS.map(name => (
            <Tabs.Tab
              key={name}
              value={name}
              className="-mb-px min-h-9 border-b-2 border-transparent px-2.5 text-xs text-muted hover:text-text aria-selected:border-text aria-selected:font-medium aria-selected:text-text pointer-coarse:min-h-11"
            >
              {PART_TITLES[name]}
              {name === 'letters' && open > 0 ? (
                <span className="ml-1.5 rounded-[5px] bg-faint px-1.5 text-2xs font-normal text-text">
                  {open}
                  <span className="sr-only"> open</span>
                </span>
              ) : null}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {PARTS.map(name => (
          <Tabs.Panel key={name} value={name} className="grid gap-3">
            {parts[name]}
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </PageFrame>
  )
}
