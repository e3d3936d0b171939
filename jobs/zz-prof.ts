import { connectForRuns } from '#jobs/execute/batch-client.ts'
import { runSet } from '#jobs/execute/run-set.ts'
import { loadFacts } from '#jobs/planner/load-facts.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { plan } from '#jobs/planner/plan.ts'
import { REPORTS } from '#jobs/reports/all-reports.ts'
const sql: any = connectForRuns('postgres://postgres@127.0.0.1:54999/batch_dev')
const times = new Map<string, number[]>()
function timed(target: any): any {
  return new Proxy(target, { apply(t, self, args) {
    const q = Reflect.apply(t, self, args)
    if (args[0]?.raw && q && typeof q.then === 'function') {
      const orig = q.then.bind(q)
      q.then = (a: any, b: any) => { const t0 = performance.now(); return orig((v: any) => { const k = args[0].join('?').replace(/\s+/g, ' ').trim().slice(0, 60); (times.get(k) ?? times.set(k, []).get(k)!).push(performance.now() - t0); return a?.(v) }, b) }
    }
    return q
  }, get(t, k) { if (k === 'begin') return (...a: any[]) => { const f = a.pop(); return t.begin(...a, (tx: any) => f(timed(tx))) }; return t[k] } })
}
const wrapped = timed(sql)
await sql.unsafe("set jit=off; set work_mem='24MB'; set random_page_cost=1.1")
const job = process.argv[2] ?? 'daily_product_sales'
const reports = new Map(REPORTS.map(r => [r.name, r]))
const basis = await followLog(sql)
const bares: number[] = [], tots: number[] = []
for (let i = 0; i < 9; i++) {
  let t = performance.now(); await sql.unsafe(`select count(*), sum(u), sum(g) from (select store, sku, sum(u) u, sum(u*p) g from (select store, unnest(skus) sku, unnest(units) u, unnest(unit_prices) p from log.event_log where appended_at >= '2026-11-11' and appended_at < '2026-11-12') l group by 1,2) x`); bares.push(performance.now() - t)
  const wanted = { kind: 'range', jobs: [job], from: '2026-11-11', to: '2026-11-11' } as const
  const facts = await loadFacts(sql, { basis, rules: REPORTS, wanted })
  const { slots } = plan({ now: Date.parse('2026-11-20T12:00:00Z'), facts, rules: REPORTS, wanted, tried: new Set() })
  t = performance.now()
  const o = await runSet(wrapped, { report: reports.get(job)!, reports, slots, basis, trigger: 'manual' }); tots.push(performance.now() - t)
  if (o.failed[0]) console.log(o.failed[0].error)
}
const med = (a: number[]) => a.toSorted((x, y) => x - y)[a.length >> 1]!
console.log('bare min', Math.min(...bares).toFixed(0), 'med', med(bares).toFixed(0), 'set min', Math.min(...tots).toFixed(0), 'med', med(tots).toFixed(0))
for (const [k, v] of times) console.log(Math.min(...v).toFixed(1).padStart(8), med(v).toFixed(1).padStart(8), k)
await sql.end()
