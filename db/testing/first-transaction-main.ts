import { connect } from '#db/client.ts'
import { collectGarbage } from '#platform/collect-garbage.ts'

/** Says whether what the first transaction of a process worked on is held after it. Argument: address of a database. */
const sql = connect(process.argv[2] ?? '', { max: 1 })

async function workOn(batch: { rows: number[] }): Promise<WeakRef<object>> {
  await sql.begin(async transaction => {
    await transaction.unsafe('select $1::integer', [batch.rows.length])
  })
  return new WeakRef(batch)
}

const batch = await workOn({ rows: [1, 2, 3] })
// What was awaited last is let go of with the next turn.
await sql.unsafe('select 1')
collectGarbage()
process.stdout.write(batch.deref() ? 'held' : 'let go')
await sql.end()
