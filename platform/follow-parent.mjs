// Preloaded into every process that another one of ours starts: ends it, in good order, when that one is
// gone without a word (kill -9). Otherwise it would stay behind, holding its port.
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // The channel alone must not keep a finished program alive.
  process.channel.unref()
}
