import { shortages } from '/work/h/lead/bench/shortages.ts'
import { report, table } from '/work/h/lead/bench/figures.ts'
const t = performance.now()
const figs = shortages({ quarter: { days: Number(process.argv[2] ?? 91), stores: 8, ordersPerDay: Number(process.argv[3]??4000) }, until: Date.UTC(2026, 10, 23, 3) })
console.log(table('shortages', figs.map(report))); console.log(Math.round(performance.now()-t), 'ms')
