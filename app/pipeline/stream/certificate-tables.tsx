import { formatCount } from '#app/format/number.ts'
import type { Certificate } from '#app/pipeline/stream/generation-texts.ts'
import { offsetsText } from '#app/ui/basis.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { ENGINE_TITLES } from '#domain/engine.ts'

/** All that a certificate says: where both stood, table by table what was compared, and rows that differ. */
export function CertificateTables({ certificate: { document, digest } }: { certificate: Certificate }) {
  const { active, candidate, offsets, tables, notCompared, examples, versions } = document
  const facts: [string, string][] = [
    ['Active', sideText(active)],
    ['Candidate', sideText(candidate)],
    ['Offsets', offsetsText(offsets)],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(' · '),
    ],
    ['SHA-256', digest],
  ]
  return (
    <div className="grid min-w-0 gap-4 text-xs">
      <dl className="grid gap-1 text-2xs">
        {facts.map(([name, value]) => (
          <div key={name} className="grid grid-cols-[5rem_1fr] gap-2">
            <dt className="text-muted">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
      {examples.length > 0 ? <Examples examples={examples} /> : null}
      <DataTable
        caption="Tables that were compared"
        rows={tables}
        rowKey={({ table }) => table}
        columns={[
          { key: 'table', header: 'Table', align: 'left', cell: ({ table }) => table },
          { key: 'rows', header: 'Rows', cell: ({ rows }) => formatCount(rows.candidate) },
          { key: 'differences', header: 'Differ', cell: ({ differences }) => formatCount(differences) },
          {
            key: 'again',
            header: 'Read again at the fence',
            cell: ({ rechecked }) => formatCount(rechecked),
          },
          {
            key: 'checksum',
            header: 'Checksum',
            align: 'left',
            cell: ({ checksum, rows }) =>
              rows.candidate === 0 ? 'no rows' : <span className="font-mono">{checksum.candidate}</span>,
          },
          { key: 'columns', header: 'Columns', cell: ({ columns }) => formatCount(columns.length) },
          {
            key: 'leftOut',
            header: 'Left out',
            align: 'left',
            cell: ({ leftOut }) =>
              leftOut.map(({ column, why }) => (
                <span key={column} title={why} className="mr-2">
                  {column}
                </span>
              )),
          },
        ]}
      />
      <p className="max-w-prose text-2xs text-muted">
        Not compared: {notCompared.map(({ table, why }) => `${table} (${why})`).join('; ')}.
      </p>
    </div>
  )
}

function sideText({ generation, engine, rulesVersion, owners }: Certificate['document']['active']): string {
  const by = owners.length === 0 ? '' : `, written last by ${owners.join(', ')}`
  return `generation ${generation} of ${ENGINE_TITLES[engine]}, rules version ${rulesVersion}${by}`
}

function Examples({ examples }: { examples: Certificate['document']['examples'] }) {
  return (
    <section aria-label="Rows that differ">
      <p className="font-semibold text-bad">Rows that differ, the first of them</p>
      <ul className="mt-1 grid gap-2">
        {examples.map(({ table, key, columns, why }) => (
          <li key={`${table} ${JSON.stringify(key)}`} className="wrap-anywhere">
            {table}:{' '}
            {Object.entries(key)
              .map(([column, value]) => `${column} ${value}`)
              .join(', ')}
            {columns.map(({ column, active, candidate }) => (
              <span key={column} className="block">
                {column} is {active ?? 'nothing'} in the active one, {candidate ?? 'nothing'} in the candidate
              </span>
            ))}
            <span className="block text-2xs text-muted">{why}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
