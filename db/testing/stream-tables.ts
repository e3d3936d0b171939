/** What the stream has read, kept and said, and where it stands: emptied together, it has read nothing. */
export const STREAM_TABLES = [
  'checkpoints',
  'sources',
  'windows',
  'stock',
  'purchases',
  'episodes',
  'operator_states',
  'panes',
  'sessions',
  'alerts',
  'changes',
  'set_aside',
  'late_events',
].map(name => `stream.${name}`)
