import { describe, expect, it } from 'vitest'
import { auditVerdict, checkLockfile, packagesWithoutIntegrity } from './dependencies.ts'

describe('the lockfile', () => {
  it('holds the hash of every package, those of other platforms among them', async () => {
    expect(await checkLockfile()).toBe('')
  })

  it('is not taken with a package that has none', () => {
    const packages = {
      '': {},
      'node_modules/pinned': { integrity: 'sha512-x' },
      'node_modules/@next/swc-darwin-arm64': { optional: true },
      'node_modules/pinned/node_modules/carried': { inBundle: true },
      'node_modules/ours': { link: true },
      'node_modules/empty': { integrity: '' },
    }
    expect(packagesWithoutIntegrity({ packages })).toEqual(['@next/swc-darwin-arm64', 'empty'])
  })
})

describe('what npm audit says', () => {
  const report = (vulnerabilities: Record<string, { severity: string; range: string }>) =>
    JSON.stringify({ auditReportVersion: 2, vulnerabilities })

  it('is a failure only for a hole of high severity', () => {
    expect(auditVerdict(report({}))).toEqual({ kind: 'clean' })
    expect(auditVerdict(report({ a: { severity: 'moderate', range: '<2' } }))).toEqual({ kind: 'clean' })
    expect(
      auditVerdict(
        report({ a: { severity: 'high', range: '<2' }, b: { severity: 'critical', range: '1.x' } }),
      ),
    ).toEqual({ kind: 'holes', packages: ['a <2 (high)', 'b 1.x (critical)'] })
  })

  it.each([
    [
      'a registry that knows no audits',
      '{"message":"405 Method Not Allowed","statusCode":405}\nnpm error audit',
      '405 Method Not Allowed',
    ],
    ['no net', 'npm error code ENOTFOUND\nnpm error network', 'npm error code ENOTFOUND'],
    ['no npm', '', 'npm said nothing'],
  ])('is no answer of %s, and says so', (_what, output, reason) => {
    expect(auditVerdict(output)).toEqual({ kind: 'no answer', reason })
  })
})
