/**
 * The bounded stages of the pipeline, in the order in which an event passes them: nothing waits in memory without a
 * bound, and at every bound something is said.
 */
export const STAGES = [
  {
    name: 'intake_connections',
    title: 'Connections of senders',
    unit: 'connections',
    atBound: 'a new one is closed unread; of one address 500 at most',
  },
  {
    name: 'intake_requests',
    title: 'Requests at the intake',
    unit: 'bytes',
    atBound: '429 with Retry-After, before more is read',
  },
  {
    name: 'intake_events',
    title: 'Events that wait for their commit',
    unit: 'events',
    atBound: '429 with Retry-After, 503 after 15 s; of one partition half of it',
  },
  {
    name: 'drop_files',
    title: 'Files in the drop folder',
    unit: 'files',
    atBound: 'they wait on disk; one is read at a time, row by row',
  },
  {
    name: 'log_unread',
    title: 'Events the stream has not read',
    unit: 'events',
    atBound: 'they wait in the log, on disk; with no room left the intake answers 503',
  },
  {
    name: 'stream_batches',
    title: 'Read ahead by the stream',
    unit: 'entries',
    atBound: 'nothing more of a partition is read before its batch is committed',
  },
  {
    name: 'job_requests',
    title: 'Requests for runs',
    unit: 'requests',
    atBound: 'another one is refused, with the reason',
  },
  {
    name: 'live_changes',
    title: 'Changes held for open pages',
    unit: 'changes',
    atBound: 'the oldest are dropped; who was before them gets a snapshot',
  },
  {
    name: 'live_clients',
    title: 'Open pages',
    unit: 'clients',
    atBound: 'the handshake is refused; the page asks by the clock and tries again',
  },
  {
    name: 'live_slow_clients',
    title: 'Pages that read slowly',
    unit: 'clients',
    atBound: 'their frames become one; after 30 s they are disconnected and resume by their cursor',
  },
] as const

export type StageName = (typeof STAGES)[number]['name']
