import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { parseOptions, runCommand } from '#platform/command.ts'
import { projectRoot } from '#platform/environment.ts'

// What npm would install: every package by the hash of its content, and whether one of them is known to have a hole.

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      /** Inside the archive of another package, whose hash covers it. */
      inBundle: z.boolean().optional(),
      /** A folder of this project. */
      link: z.boolean().optional(),
    }),
  ),
})

/**
 * Packages that the lockfile names without the hash of their content: npm would take whatever a registry sends.
 * @param lock package-lock.json, parsed
 */
export function packagesWithoutIntegrity(lock: unknown): string[] {
  return Object.entries(lockfile.parse(lock).packages)
    .filter(([folder, { integrity, inBundle, link }]) => folder !== '' && !integrity && !inBundle && !link)
    .map(([folder]) => folder.replace(/^node_modules\//, ''))
}

/** @returns what `npm run check` says of the lockfile; empty when all is well */
export async function checkLockfile(): Promise<string> {
  const missing = packagesWithoutIntegrity(
    JSON.parse(await readFile(path.join(projectRoot, 'package-lock.json'), 'utf8')),
  )
  if (missing.length === 0) return ''
  return (
    `package-lock.json holds no integrity of ${missing.join(', ')}. Delete these entries and run ` +
    '"npm install --package-lock-only": npm asks the registry for them again.'
  )
}

const auditReport = z.object({
  auditReportVersion: z.number(),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
})
const auditError = z.object({ message: z.string() })

export type AuditVerdict =
  | { kind: 'clean' }
  | { kind: 'holes'; packages: string[] }
  /** No registry, or one that knows no audits: nothing was looked at. */
  | { kind: 'no answer'; reason: string }

/** What `npm audit --json` found, whatever its exit code: that is 1 for a hole and for a net that is away. */
export function auditVerdict(output: string): AuditVerdict {
  const answer = parseJson(output)
  const report = auditReport.safeParse(answer)
  if (!report.success) {
    const error = auditError.safeParse(answer)
    const [firstLine = ''] = output.trim().split('\n', 1)
    const reason = error.success ? error.data.message : firstLine || 'npm said nothing'
    return { kind: 'no answer', reason }
  }
  const packages = Object.entries(report.data.vulnerabilities)
    .filter(([, { severity }]) => severity === 'high' || severity === 'critical')
    .map(([name, { severity, range }]) => `${name} ${range} (${severity})`)
  return packages.length === 0 ? { kind: 'clean' } : { kind: 'holes', packages }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
  } catch {
    // Told as no answer, with npm's own words.
    return null
  }
}

/** @returns what npm wrote, an error among it: its exit code says nothing that this does not */
function askNpm(): Promise<string> {
  const args = ['audit', '--json', '--omit=dev', '--fetch-retries=1', '--fetch-timeout=20000']
  return new Promise(resolve => {
    execFile('npm', args, { cwd: projectRoot, timeout: 60_000, maxBuffer: 64 * 1_048_576 }, (error, stdout) =>
      resolve(stdout.trim() || (error?.message ?? '')),
    )
  })
}

async function audit(): Promise<number> {
  const verdict = auditVerdict(await askNpm())
  switch (verdict.kind) {
    case 'clean':
      process.stdout.write('npm audit: no package that is shipped has a known hole of high severity.\n')
      return 0
    case 'holes':
      process.stdout.write(`npm audit: known holes in ${verdict.packages.join(', ')}.\n`)
      return 1
    case 'no answer':
      process.stdout.write(`npm audit: no answer, so known holes were not looked for (${verdict.reason}).\n`)
      return 0
  }
}

if (import.meta.main) {
  await runCommand({
    usage: `Usage: npm run audit

Asks the registry whether a package that is shipped has a known hole. Exit code 1 when one of high or critical
severity has; a registry that does not answer is said, and is no failure.
`,
    hint: '"npm run audit" takes no options.',
    parse: args => parseOptions(args, {}),
    run: audit,
  })
}
