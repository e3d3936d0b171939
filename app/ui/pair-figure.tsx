import { ArrowDown, Check, TriangleAlert } from 'lucide-react'
import type { CSSProperties } from 'react'
import { Chip } from '#app/ui/chip.tsx'
import { type Path, PathMarker } from '#app/ui/path-marker.tsx'

/** One figure as both paths have it. Texts are ready to read: rounded, signed, with separators. */
export interface Pair {
  batch: PathFigure
  stream: PathFigure
  /** stream − batch, signed. */
  difference: string
  /** Null when every bit of the difference is explained, else the part that is not. */
  unexplained: string | null
}

export interface PathFigure {
  value: string
  /** When this path last looked: `14:28`, `14:30:07`. */
  asOf: string
}

/**
 * Batch above stream, digit under digit, so that the eye finds where they part; below them by how much
 * they differ and whether that is explained. A path without a figure shows a dash, never a zero.
 */
export function PairFigure({ pair, onExplain }: { pair: Pair; onExplain: () => void }) {
  return (
    <div className="@container" style={{ '--figure-length': figureLength(pair) } as CSSProperties}>
      <dl className="grid gap-1.5">
        <PathRow path="batch" name="Batch" figure={pair.batch} />
        <PathRow path="stream" name="Stream" figure={pair.stream} />
        <div className="mt-1.5 flex items-center justify-between gap-2 border-t border-line pt-2 text-2xs">
          <dt className="text-muted">Difference</dt>
          <dd className="font-medium whitespace-nowrap">{pair.difference}</dd>
        </div>
      </dl>
      <button
        type="button"
        onClick={onExplain}
        className="mt-1.5 flex w-full items-center justify-between gap-2 text-2xs text-muted hover:text-text pointer-coarse:py-2"
      >
        <Verdict unexplained={pair.unexplained} />
        <span className="inline-flex items-center gap-1">
          Why
          <ArrowDown aria-hidden="true" className="size-3" />
        </span>
      </button>
    </div>
  )
}

/** Both figures are written in one size, small enough for the longer one: a year's sales in a narrow card. */
function figureLength({ batch, stream }: Pair): number {
  return Math.max(batch.value.length, stream.value.length)
}

function PathRow({ path, name, figure }: { path: Path; name: string; figure: PathFigure }) {
  return (
    <div className="flex items-center justify-between gap-2">
      <dt className="flex items-center gap-2 text-2xs leading-tight text-muted">
        <PathMarker path={path} />
        <span>
          <span className="block text-text">{name}</span>
          <span className="block whitespace-nowrap">{figure.asOf}</span>
        </span>
      </dt>
      <dd className="pair-figure font-semibold tracking-[-0.02em] whitespace-nowrap">{figure.value}</dd>
    </div>
  )
}

function Verdict({ unexplained }: { unexplained: string | null }) {
  if (unexplained === null) {
    return (
      <Chip tone="good">
        <Check aria-hidden="true" className="size-3" />
        all explained
      </Chip>
    )
  }
  return (
    <Chip tone="bad">
      <TriangleAlert aria-hidden="true" className="size-3" />
      {unexplained} unexplained
    </Chip>
  )
}
