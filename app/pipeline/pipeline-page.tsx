'use client'

import { Tabs } from '@base-ui/react/tabs'
import { useQueryStates } from 'nuqs'
import { RefreshOnChange } from '#app/pipeline/refresh-on-change.tsx'
import { PARTS, type Part, urlState } from '#app/pipeline/url-state.ts'
import { PageHeading } from '#app/shell/page-heading.tsx'
import { LiveIndicator } from '#app/socket/live-indicator.tsx'
import { useServerNow } from '#app/ui/use-server-now.ts'
import { ChecksPart } from './checks/checks-part.tsx'
import { JobsPart } from './jobs/jobs-part.tsx'
import { LagPart } from './lag/lag-part.tsx'
import { useLagHistory } from './lag/use-lag-history.ts'
import { LettersPart } from './letters/letters-part.tsx'
import { OverviewPart } from './overview/overview-part.tsx'
import { useFlow } from './overview/use-flow.ts'
import { ScenariosPart } from './scenarios/scenarios-part.tsx'

const PART_TITLES: Record<Part, string> = {
  overview: 'Overview',
  lag: 'Lag',
  jobs: 'Jobs',
  letters: 'Dead letters',
  checks: 'Checks',
  scenarios: 'Scenarios',
}

/** What the operator of the pipeline looks at: how events flow, what ran, what failed, and what to do about it. */
export function PipelinePage() {
  const [{ part }, setState] = useQueryStates(urlState, { history: 'push', scroll: false })
  const flow = useFlow()
  const now = useServerNow(flow)
  const history = useLagHistory(flow.data)
  const open = flow.data?.openLetters ?? 0
  const show = (shown: Part) => void setState({ part: shown })
  return (
    <>
      <RefreshOnChange />
      <PageHeading title="Pipeline">
        <LiveIndicator behind={null} />
      </PageHeading>
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
        <Tabs.Panel value="overview" className="grid gap-3">
          <OverviewPart flow={flow} now={now} history={history} onShow={show} />
        </Tabs.Panel>
        <Tabs.Panel value="lag" className="grid gap-3">
          <LagPart flow={flow} now={now} />
        </Tabs.Panel>
        <Tabs.Panel value="jobs" className="grid gap-3">
          <JobsPart />
        </Tabs.Panel>
        <Tabs.Panel value="letters" className="grid gap-3">
          <LettersPart />
        </Tabs.Panel>
        <Tabs.Panel value="checks" className="grid gap-3">
          <ChecksPart />
        </Tabs.Panel>
        <Tabs.Panel value="scenarios" className="grid gap-3">
          <ScenariosPart />
        </Tabs.Panel>
      </Tabs.Root>
      <p className="mt-3 text-2xs text-muted">
        Times are UTC, as the schedule and the logs of the processes are. Days are business days of each
        store, both ends of a range included.
      </p>
    </>
  )
}
