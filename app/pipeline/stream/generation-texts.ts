import { formatCount, plural } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'

export type GenerationBoard = RouterOutputs['pipeline']['generations']['board']
export type GenerationStand = GenerationBoard['generations'][number]
export type Certificate = GenerationBoard['certificates'][number]

/** What a generation is doing: `active`, `follows along`, `stands by`, `not followed`, `kept to go back to`. */
export function standText({ state, engine, owners, isOtherEngine }: GenerationStand): string {
  if (state === 'active') return 'active'
  if (owners.length > 0 && engine !== OWN_ENGINE) return 'follows along'
  if (engine !== OWN_ENGINE) return 'not followed now'
  if (isOtherEngine) return 'stands by'
  return state === 'building' ? 'being built' : 'kept to go back to'
}

/** `Generation 2, Flink` */
export function generationText({
  generation,
  engine,
}: Pick<GenerationStand, 'generation' | 'engine'>): string {
  return `Generation ${generation}, ${ENGINE_TITLES[engine]}`
}

/** What one reads of a certificate first. */
export function certificateText({ document, isIntact }: Certificate): string {
  if (!isIntact) return 'It does not say what was written: somebody has changed it.'
  const { differences, rowsCompared, tables, pauseMs, compareMs } = document
  const found =
    differences === 0
      ? 'no difference'
      : `${plural(differences, 'row')} ${differences === 1 ? 'differs' : 'differ'}`
  return `${plural(rowsCompared, 'row')} of ${formatCount(tables.length)} tables compared at equal offsets in ${formatLag(compareMs)}, ${found}. Nobody wrote for ${formatLag(pauseMs)} of it.`
}
