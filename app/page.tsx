'use client'
import { PairFigure } from '#app/ui/pair-figure.tsx'
import { Card } from '#app/ui/card.tsx'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'
import { ErrorState } from '#app/ui/error-state.tsx'
import { PathTag } from '#app/ui/path-marker.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/chip.tsx'

const p = (b: string, s: string, d: string, u: string | null = null) => ({ batch: { value: b, asOf: '14:28' }, stream: { value: s, asOf: '14:30:07' }, difference: d, unexplained: u })
export default function Page() {
  const items: [string, string, ReturnType<typeof p>][] = [
    ['Net sales', 'EUR', p('48,210.75', '49,495.25', '+1,284.50')],
    ['Orders', '', p('1,302', '1,339', '+37')],
    ['Units', '', p('4,102', '4,220', '+118')],
    ['Returns', 'EUR', p('1,202.10', '1,236.60', '+34.50', '0.0100')],
    ['Average order value', 'EUR', p('37.03', '36.96', '−0.07')],
  ]
  return <>
  <h1 className="py-4 text-lg font-semibold">Today so far</h1>
  <div className="grid gap-3.5 sm:grid-cols-2 xl:grid-cols-5">
    {items.map(([t, u, x]) => <Card key={t} title={t} unit={u} actions={<BasisPopover title={t} definition="Gross sales minus discounts minus returns." bases={[{ path: 'batch', lines: [{ name: 'Run', value: '4,812' }, { name: 'Through', value: '0:1234 1:2345' }] }, { path: 'stream', lines: [{ name: 'Watermark', value: '14:29:37' }] }]} />}><PairFigure pair={x} onExplain={() => {}} /></Card>)}
    <Card title="Empty" className="col-span-2"><EmptyState what="No sales yet." advice="Start the demo or post one." command={`curl -X POST http://127.0.0.1:3000/api/v1/events -H 'content-type: application/json' -d '{"x":1}'`} /></Card>
    <Card title="Error" className="col-span-2"><ErrorState failure={{ what: 'The database could not answer.', advice: 'If this lasts ask /readyz.' }} retry={() => {}} retrying={false} /></Card>
    <ChartWithTable title="Net sales by hour" unit="EUR" className="col-span-2" legend={<><PathTag path="batch" /><PathTag path="stream" /><Chip>late 17 min</Chip><Chip tone="good">complete</Chip></>}>{show => show === 'chart' ? 'chart' : <DataTable caption="x" columns={[{ key: 'a', header: 'Hour', align: 'left', cell: (r: number) => `${r}:00` }, { key: 'b', header: 'Batch', cell: r => r * 1000 }]} rows={[...Array(24).keys()]} rowKey={r => String(r)} />}</ChartWithTable>
  </div></>
}
