import { differingRows } from '#db/certificates.ts'
import type { Certificate, CertifiedSide, DifferingRow } from '#domain/certificate.ts'
import { ENGINE_TITLES } from '#domain/engine.ts'
import { formatInstant } from '#domain/instant.ts'

/** A certificate for people, line by line. */
export function describeCertificate({
  certificate,
  document,
  digest,
  writtenAt,
  isIntact,
}: Certificate): string[] {
  const { verdict, active, candidate, offsets, rowsCompared, differences, tables, notCompared, examples } =
    document
  const { compareMs, pauseMs, versions, by, occasion } = document
  const at = Object.entries(offsets).map(([partition, offset]) => `${partition}:${offset}`)
  const found = differences === 0 ? 'no difference' : differingRows(document)
  return [
    `certificate ${certificate}, ${occasion === 'switch' ? 'at a switch' : 'asked for'} by ${by ?? 'somebody'}, ${formatInstant(writtenAt)}: ${verdict.toUpperCase()}`,
    ...(isIntact ? [] : ['  CHANGED since it was written: its digest is not that of what it says']),
    `  active     ${describeSide(active)}`,
    `  candidate  ${describeSide(candidate)}`,
    `  offsets    ${at.join(' ')}`,
    `  compared   ${rowsCompared} rows in ${(compareMs / 1_000).toFixed(1)} s, nobody wrote for ${pauseMs} ms of it: ${found}`,
    ...tables.map(
      ({ table, rows, checksum, differences: ofTable, columns, leftOut }) =>
        `    ${table.padEnd(12)} ${String(rows.candidate).padStart(9)} rows  ${checksum.candidate}${
          ofTable === 0
            ? ''
            : `  ${ofTable} differ (${rows.active} rows, ${checksum.active} in the active one)`
        }  ${columns.length} columns${leftOut.length === 0 ? '' : `, without ${leftOut.map(({ column }) => column).join(', ')}`}`,
    ),
    ...notCompared.map(({ table, why }) => `    ${table.padEnd(12)} not compared: ${why}`),
    ...examples.flatMap(describeExample),
    `  versions   ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `  sha256     ${digest}`,
  ]
}

function describeSide({ generation, engine, rulesVersion, owners }: CertifiedSide): string {
  const by = owners.length === 0 ? '' : `, written last by ${owners.join(', ')}`
  return `generation ${generation} of ${ENGINE_TITLES[engine]}, rules version ${rulesVersion}${by}`
}

function describeExample({ table, key, columns, why }: DifferingRow): string[] {
  const row = Object.entries(key).map(([column, value]) => `${column}=${value}`)
  return [
    `  differs    ${table} ${row.join(' ')}`,
    ...columns.map(
      ({ column, active, candidate }) =>
        `               ${column}: ${active ?? 'nothing'} in the active one, ${candidate ?? 'nothing'} in the candidate`,
    ),
    `               ${why}`,
  ]
}
