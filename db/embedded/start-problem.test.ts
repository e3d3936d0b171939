import { describe, expect, test } from 'vitest'
import { classifyStartProblem, explainStartProblem } from './start-problem.ts'

describe('a server that did not start', () => {
  test.each([
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'port-taken'],
    ['FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', 'still-in-use'],
    ['FATAL:  lock file "postmaster.pid" already exists', 'still-in-use'],
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk-full'],
    ['FATAL:  could not extend file "base/1/2691"\nHINT:  Check free disk space.', 'disk-full'],
    ['FATAL:  data directory "/x" has invalid permissions', 'permission'],
    ['FATAL:  database files are incompatible with server', 'version'],
    ['something else', 'unknown'],
  ] as const)('is understood from its log: %s', (output, problem) => {
    expect(classifyStartProblem(output)).toBe(problem)
  })

  test('is explained with the place, the next step and the last lines of its log', () => {
    const output = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')
    const { message } = explainStartProblem({ problem: 'disk-full', serverDir: '/srv/pg', port: 1, output })
    expect(message).toContain('/srv/pg')
    expect(message).toContain('Make room on it')
    expect(message).toContain('line 39')
    expect(message).not.toContain('line 20\n')
  })
})
