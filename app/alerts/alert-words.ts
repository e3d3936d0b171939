import type { RouterOutputs } from '#app/trpc/router-outputs.ts'

type Alert = RouterOutputs['alerts']['list']['alerts'][number]
export type Rule = RouterOutputs['alerts']['rules']['rules'][number]

/** How kinds of alerts are called. */
export const KIND_TITLES: Record<Alert['kind'], string> = {
  fraud: 'Fraud',
  anomaly: 'Anomaly',
  silence: 'Silence',
  pace: 'Pace',
}

/** A verdict in words: of what is no fraud, that it was so. */
export function verdictText(verdict: NonNullable<Alert['verdict']>, kind: Alert['kind']): string {
  switch (verdict) {
    case 'fraud':
      return kind === 'fraud' ? 'fraud' : 'confirmed'
    case 'false':
      return 'false alarm'
    case 'unsure':
      return 'unsure'
  }
}

/** A rule that the stream does not know is the batch path's: it is called by its name. */
export function ruleTitle(rules: readonly Pick<Rule, 'name' | 'title'>[], name: string): string {
  return rules.find(rule => rule.name === name)?.title ?? name.replaceAll('_', ' ')
}
