import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { enrichedHistory, type WorldEnd } from '#seed/history/world-history.ts'
import { createWorld } from '#seed/world/world.ts'
import { historyChunks } from '#server/log/history.ts'
import { MAKER_AHEAD, type MakerMessage, type MakerTask } from './make-history.ts'

/** A thread of `makeHistory`: makes the history of some partitions into rows, as fast as they are taken. */
async function make({ parameters, span, partitions }: MakerTask): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('history-maker runs as a thread of the seeder')
  const send = (message: MakerMessage, bytes: ArrayBuffer[]) => port.postMessage(message, bytes)
  let end: WorldEnd = { shops: {}, journals: [], missed: [] }
  function* history() {
    end = yield* enrichedHistory(createWorld(parameters), span, new Set(partitions))
  }
  let ahead = 0
  port.on('message', () => {
    ahead -= 1
  })
  for await (const chunk of historyChunks(history())) {
    send({ chunk }, [chunk.rows.buffer, chunk.keys.buffer])
    ahead += 1
    while (ahead >= MAKER_AHEAD) await once(port, 'message')
  }
  send({ end }, [])
  port.close()
}

await make(workerData as MakerTask)
