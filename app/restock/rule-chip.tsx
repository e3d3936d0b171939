import { RULE_TITLES } from '#app/alerts/waiting-alerts.ts'
import { Chip } from '#app/ui/chip.tsx'
import type { LiveAlert } from '#server/web/live/messages.ts'

/** How short a product is, in words; the critical ones stand out. */
export function RuleChip({ rule }: { rule: LiveAlert['rule'] }) {
  return <Chip tone={rule === 'low_stock' ? 'plain' : 'bad'}>{RULE_TITLES[rule]}</Chip>
}
