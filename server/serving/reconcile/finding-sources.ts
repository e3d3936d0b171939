import type { FindingSource } from './findings.ts'
import { setAsideEvents, unknownStores } from './set-aside.ts'
import { unpublishedReports } from './unpublished-reports.ts'
import { findZReports } from './z-reports.ts'

/**
 * What is looked for at every depth, beside the audits of rows (audit.ts): a report that is not there, a till that
 * says something else. Each costs less than a comparison of figures.
 */
export const FINDING_SOURCES: readonly FindingSource[] = [
  unpublishedReports,
  setAsideEvents,
  unknownStores,
  findZReports,
]
