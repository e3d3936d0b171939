export const HELP = `Usage: npm run jobs -- list [--json]
       npm run jobs -- run JOB --from DAY --to DAY [--json]
       npm run jobs -- backfill JOB --from DAY --to DAY [--json]
       npm run jobs -- history [JOB] [--limit N] [--json]

The batch path by hand; no other process is needed. Days are business days YYYY-MM-DD, both included; a week
or month that the range touches is computed whole.

  list      the jobs, one for each report
  run       computes JOB for the range, whether anything changed or not, after what it is computed from
  backfill  the same for a long stretch of the past: the ledger tells it apart
  history   the ledger, newest first: every attempt, how it ended and why it ran (--limit, default 50)

JOB is a name that list shows, or all: every report of the range, in order of dependency.
journal_import, reviews_import and ledger_retention take no days: the imports load what lies ready in the drop
folder, reviews_import its folder "reviews", journal_import all others.

Exit code: 0 done, 1 something failed (the ledger keeps the error), 2 wrong usage.
`
