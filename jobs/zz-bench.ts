import { connectForRuns } from '#jobs/execute/batch-client.ts'
import { runWanted } from '#jobs/execute/run-wanted.ts'
const sql = connectForRuns('postgres://postgres@127.0.0.1:54999/batch_dev')
const bare = async () => { const t = performance.now(); await sql.unsafe(`select count(*), sum(u), sum(g) from (select store, sku, sum(u) u, sum(u*p) g from (select store, unnest(skus) sku, unnest(units) u, unnest(unit_prices) p from log.event_log where appended_at >= '2026-11-11' and appended_at < '2026-11-12') l group by 1,2) x`); return performance.now() - t }
await sql.unsafe("set jit=off; set work_mem='24MB'; set random_page_cost=1.1")
const all = process.argv[2] === 'all'
if (all) {
  const t = performance.now()
  await runWanted(sql, { wanted: { kind: 'due' }, trigger: 'schedule', now: () => Date.parse('2026-11-20T12:00:00Z'), onSet: (o, p) => console.log(o.job, o.succeeded.length, 'rows', o.succeeded.reduce((n, r) => n + r.rowCount, 0), 'failed', o.failed.length, o.failed[0]?.error ?? '', p.elapsedMs.toFixed(0)) })
  console.log('all', (performance.now() - t).toFixed(0))
}
for (let i = 0; i < 6; i++) {
  const b = await bare(); let r = 0, rows = 0
  await runWanted(sql, { wanted: { kind: 'range', jobs: ['daily_product_sales'], from: '2026-11-11', to: '2026-11-11' }, trigger: 'manual', now: () => Date.parse('2026-11-20T12:00:00Z'), onSet: (o, p) => { r += p.elapsedMs; rows += o.succeeded.reduce((n, r) => n + r.rowCount, 0); if (o.failed[0]) console.log(o.failed[0].error) } })
  console.log('bare', b.toFixed(0), 'set', r.toFixed(0), 'rows', rows, (r / b).toFixed(2))
}
await sql.end()
