import { useMutation, useQuery } from '@tanstack/react-query'
import { ArrowLeftRight, Download, ScanSearch } from 'lucide-react'
import { useState } from 'react'
import { ActorField, useActor } from '#app/controls/actor.tsx'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { CertificateTables } from '#app/pipeline/stream/certificate-tables.tsx'
import {
  type Certificate,
  certificateText,
  type GenerationBoard,
  type GenerationStand,
  generationText,
  standText,
} from '#app/pipeline/stream/generation-texts.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'
import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'

const BOARD_MS = 2_000

/** Which generations there are, what follows the log with each, what certificates say, and the switch there and back. */
export function GenerationsCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.generations.board.queryOptions(), refetchInterval: BOARD_MS })
  const now = useServerNow(query)
  return (
    <Card title="Generations and engines" note={query.data ? activeText(query.data) : null}>
      <CardContent query={query} skeleton={<Skeleton className="h-56" />}>
        {board => <Board board={board} now={now ?? board.now} />}
      </CardContent>
    </Card>
  )
}

function activeText({ generations }: GenerationBoard): string | null {
  const active = generations.find(({ state }) => state === 'active')
  if (!active) return null
  return active.engine === OWN_ENGINE
    ? `generation ${active.generation} is active, followed by this stream`
    : `generation ${active.generation} is active, followed by ${ENGINE_TITLES[active.engine]}: this stream stands by`
}

function Board({ board, now }: { board: GenerationBoard; now: number }) {
  const others = board.generations.filter(({ isOtherEngine }) => isOtherEngine)
  return (
    <div className="grid min-w-0 gap-4">
      <p className="max-w-prose text-xs text-muted">
        Another engine may follow the log with a generation of its own. It takes over only by a certificate:
        both are held still for a moment at equal offsets and compared row by row, and one row that differs by
        1/10,000 refuses it. The way back is the same press.
      </p>
      <GenerationTable generations={board.generations} now={now} />
      {others.length > 0 ? (
        <Desk others={others} />
      ) : (
        <p className="text-2xs text-muted">
          No other engine follows along: there is nothing to compare and nothing to switch to.
        </p>
      )}
      <Certificates certificates={board.certificates} now={now} />
    </div>
  )
}

function GenerationTable({ generations, now }: { generations: readonly GenerationStand[]; now: number }) {
  return (
    <DataTable
      caption="Generations, by number"
      rows={generations}
      rowKey={({ generation }) => String(generation)}
      columns={[
        { key: 'generation', header: 'Generation', align: 'left', cell: ({ generation }) => generation },
        { key: 'engine', header: 'Engine', align: 'left', cell: ({ engine }) => ENGINE_TITLES[engine] },
        { key: 'state', header: 'State', align: 'left', cell: stand => <StandChip stand={stand} /> },
        {
          key: 'owner',
          header: 'Followed by',
          align: 'left',
          cell: ({ owners }) => (owners.length === 0 ? 'nobody' : owners.join(', ')),
        },
        {
          key: 'read',
          header: 'Log read',
          cell: ({ partitions }) => {
            const read = partitions.reduce((sum, { through }) => sum + through, 0)
            const end = partitions.reduce((sum, partition) => sum + partition.end, 0)
            return `${formatCount(read)} of ${formatCount(end)}`
          },
        },
        {
          key: 'lag',
          header: 'Not read yet',
          cell: ({ lagEvents, lagMs }) =>
            lagEvents === 0 ? 'nothing' : `${plural(lagEvents, 'event')}, ${formatAge(lagMs)} old`,
        },
        {
          key: 'processed',
          header: 'Last written',
          cell: ({ processedAt }) => (processedAt === null ? 'never' : <Ago at={processedAt} now={now} />),
        },
        { key: 'rules', header: 'Rules', cell: ({ rulesVersion }) => `version ${rulesVersion}` },
      ]}
    />
  )
}

function StandChip({ stand }: { stand: GenerationStand }) {
  const text = standText(stand)
  const tone =
    stand.state === 'active' || text === 'follows along'
      ? 'good'
      : text === 'not followed now'
        ? 'bad'
        : 'plain'
  return <Chip tone={tone}>{text}</Chip>
}

function Desk({ others }: { others: readonly GenerationStand[] }) {
  const trpc = useTRPC()
  const by = useActor()
  const [confirming, setConfirming] = useState<GenerationStand | null>(null)
  const request = useMutation(trpc.pipeline.replays.request.mutationOptions())
  const board = useQuery(trpc.pipeline.replays.board.queryOptions())
  const isBusy =
    request.isPending ||
    (board.data?.replays.some(({ state }) => state === 'requested' || state === 'running') ?? false)
  return (
    <div className="grid gap-3">
      {others.map(other => (
        <section
          key={other.generation}
          aria-label={generationText(other)}
          className="grid gap-2 rounded-card border border-line p-3"
        >
          <p className="text-xs font-semibold">{generationText(other)}</p>
          <p className="text-2xs text-muted">{verdictText(other)}</p>
          <div className="flex flex-wrap gap-2">
            <Button
              disabled={isBusy}
              onClick={() =>
                request.mutate({ kind: 'certify', to: other.generation, acceptsDifferences: false, by })
              }
            >
              <ScanSearch className="size-3.5" />
              Compare with the active one
            </Button>
            <Button
              disabled={isBusy || other.refusal !== null}
              aria-describedby={`refusal-${other.generation}`}
              onClick={() => setConfirming(other)}
            >
              <ArrowLeftRight className="size-3.5" />
              {switchText(other)}
            </Button>
          </div>
          {other.refusal === null ? null : (
            <p id={`refusal-${other.generation}`} className="text-2xs text-muted">
              It cannot be switched to yet: {other.refusal}.
            </p>
          )}
        </section>
      ))}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <ActorField />
        <OutcomeLine
          done={request.data === undefined ? null : `Replay ${request.data} is asked for: it stands below.`}
          failed={request.error ? failureText(request.error) : null}
        />
      </div>
      <SwitchDialog
        to={confirming}
        onClose={() => setConfirming(null)}
        onSwitch={(to, acceptsDifferences) => {
          setConfirming(null)
          request.mutate({ kind: 'switch', to: to.generation, acceptsDifferences, by })
        }}
      />
    </div>
  )
}

function switchText({ engine, generation }: GenerationStand): string {
  return engine === OWN_ENGINE
    ? `Switch back to generation ${generation}`
    : `Switch to ${ENGINE_TITLES[engine]}`
}

function verdictText({ certificate, engine }: GenerationStand): string {
  if (certificate)
    return `Certificate ${certificate.certificate} ${certificate.document.verdict}: ${certificateText(certificate)}`
  return engine === OWN_ENGINE
    ? 'It stands where it was switched away from: the switch brings it to where the active one stands first.'
    : 'It has no certificate yet.'
}

/** What a switch does, once more, before it is done. */
function SwitchDialog({
  to,
  onClose,
  onSwitch,
}: {
  to: GenerationStand | null
  onClose: () => void
  onSwitch: (to: GenerationStand, acceptsDifferences: boolean) => void
}) {
  const isBack = to?.engine === OWN_ENGINE
  const hasRefusal = to?.certificate?.document.verdict === 'refused'
  return (
    <DialogFrame
      isOpen={to !== null}
      title={to ? `${switchText(to)}?` : ''}
      description="Nothing is lost and nothing counted twice, also should a process be killed in the middle."
      onClose={onClose}
    >
      {to ? (
        <div className="grid gap-3 text-xs">
          <p className="max-w-prose">
            {isBack
              ? 'This stream’s own generation is brought to where the active one stands, both are compared once more, and this stream goes on with it. The other engine may go on following along.'
              : 'Both are held still at equal offsets, what was written since is compared once more, and a certificate is written. Only if not one row differs do all pages and figures come from it; this stream then stands by.'}
          </p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => onSwitch(to, false)}>
              <ArrowLeftRight className="size-3.5" />
              {isBack ? 'Switch back' : 'Switch'}
            </Button>
            {isBack && hasRefusal ? (
              <Button onClick={() => onSwitch(to, true)}>Switch back though they differ</Button>
            ) : null}
            <Button kind="quiet" onClick={onClose}>
              Leave it
            </Button>
          </div>
        </div>
      ) : null}
    </DialogFrame>
  )
}

function Certificates({ certificates, now }: { certificates: readonly Certificate[]; now: number }) {
  const [shown, setShown] = useState<Certificate | null>(null)
  if (certificates.length === 0) return null
  return (
    <>
      <DataTable
        caption="Certificates, newest first"
        rows={certificates}
        rowKey={({ certificate }) => String(certificate)}
        columns={[
          { key: 'certificate', header: 'Certificate', cell: ({ certificate }) => certificate },
          {
            key: 'verdict',
            header: 'Verdict',
            align: 'left',
            cell: ({ document: { verdict }, isIntact }) => (
              <Chip tone={verdict === 'accepted' && isIntact ? 'good' : 'bad'}>
                {isIntact ? verdict : 'changed since'}
              </Chip>
            ),
          },
          {
            key: 'about',
            header: 'About',
            align: 'left',
            cell: ({ document: { active, candidate, occasion } }) =>
              `${ENGINE_TITLES[candidate.engine]} (${candidate.generation}) against ${ENGINE_TITLES[active.engine]} (${active.generation}), ${occasion === 'switch' ? 'at a switch' : 'asked for'}`,
          },
          { key: 'rows', header: 'Rows', cell: ({ document }) => formatCount(document.rowsCompared) },
          {
            key: 'differences',
            header: 'Differences',
            cell: ({ document }) => formatCount(document.differences),
          },
          { key: 'by', header: 'By', align: 'left', cell: ({ document }) => document.by ?? 'no name given' },
          { key: 'at', header: 'Written', cell: ({ writtenAt }) => <Ago at={writtenAt} now={now} /> },
          {
            key: 'more',
            header: 'Document',
            cell: row => (
              <Button
                kind="row"
                aria-label={`Show certificate ${row.certificate}`}
                onClick={() => setShown(row)}
              >
                Show
              </Button>
            ),
          },
        ]}
      />
      <DialogFrame
        isOpen={shown !== null}
        title={shown ? `Certificate ${shown.certificate}: ${shown.document.verdict}` : ''}
        description={shown ? certificateText(shown) : ''}
        onClose={() => setShown(null)}
      >
        {shown ? (
          <div className="min-h-0 overflow-y-auto">
            <CertificateTables certificate={shown} />
            <a
              href={`/pipeline/certificates/${shown.certificate}`}
              download
              className={buttonLook({ className: 'mt-3' })}
            >
              <Download className="size-3.5" />
              As JSON
            </a>
          </div>
        ) : null}
      </DialogFrame>
    </>
  )
}
