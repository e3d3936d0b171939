import type { Instant } from '#domain/instant.ts'
import type { AlertHandling } from './act-on-alerts.ts'

/** The newest action on an alert as it is stored. */
export interface ActionRow {
  actionKind: 'acknowledge' | 'snooze' | 'reopen' | null
  snoozedUntil: Instant | null
  actedBy: string | null
  actedAt: Instant | null
}

/** What people said last of an alert; null: nobody did anything, or it was reopened. */
export function handlingOf({ actionKind, snoozedUntil, actedBy, actedAt }: ActionRow): AlertHandling | null {
  if (actedAt === null) return null
  switch (actionKind) {
    case 'acknowledge':
      return { kind: 'acknowledged', until: null, by: actedBy, at: actedAt }
    case 'snooze':
      return { kind: 'snoozed', until: snoozedUntil, by: actedBy, at: actedAt }
    case 'reopen':
    case null:
      return null
  }
}
