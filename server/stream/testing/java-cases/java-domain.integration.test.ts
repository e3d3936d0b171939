import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { WORKED_EXAMPLES } from '#domain/examples/all-examples.ts'
import { projectRoot } from '#platform/environment.ts'
import { whyNoJava } from '#platform/jvm/java.ts'
import { lines } from './committed.ts'
import { edgeCases } from './edge-cases.ts'
import { randomCase } from './random-log.ts'

const flink = path.join(projectRoot, 'scale/flink')
const run = promisify(execFile)
/** The first run fetches and compiles. */
const PATIENCE_MS = 900_000
/** Cases of a run, by how many events each is drawn from: the large ones let tills fall silent, the small ones are many. */
const EVENTS = [900, 900, ...Array.from({ length: 12 }, () => 250)]

const missing = (await whyNoJava()) ?? (await whyNoMaven())

if (missing !== null) test(`left out, for the Java domain needs a JDK and Maven: ${missing}`, () => {})
else
  test('the Java domain makes of newly drawn logs, and of the committed cases, what our fold makes of them', {
    timeout: PATIENCE_MS,
  }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tillstream-java-cases-'))
    try {
      const first = inject('randomSeed')
      await Promise.all(
        EVENTS.map((events, index) =>
          writeFile(path.join(folder, `${first + index}.json`), lines([randomCase(first + index, events)])),
        ),
      )
      await mvn(['test', '-Dtest=tillstream.domain.**', `-Dtillstream.cases=${folder}`])
      const report = await readFile(
        path.join(flink, 'target/surefire-reports/TEST-tillstream.domain.CasesTest.xml'),
        'utf8',
      )
      const committed = WORKED_EXAMPLES.length + edgeCases().length + 1
      // Of a folder that nobody read, nothing could fail: each case is folded with three ways to cut it.
      const tests = Number(/ tests="(\d+)"/.exec(report)?.[1])
      expect(tests).toBe(3 * (committed + EVENTS.length))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

/** Runs Maven on what was fetched once, and fetches what is missing the first time. @throws with what failed */
async function mvn(goals: readonly string[]): Promise<void> {
  const options = { cwd: flink, maxBuffer: 64 * 1024 * 1024 }
  const args = ['--batch-mode', '--no-transfer-progress', ...goals]
  try {
    await run('mvn', ['--offline', ...args], options)
  } catch (error) {
    if (!/offline mode/.test(outputOf(error))) throw new Error(outputOf(error), { cause: error })
    await run('mvn', args, options).catch((failed: unknown) => {
      throw new Error(outputOf(failed), { cause: failed })
    })
  }
}

/** The first of what Maven says is wrong. */
function outputOf(error: unknown): string {
  const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
  return said
    .split('\n')
    .filter(line => line.startsWith('[ERROR]'))
    .slice(0, 40)
    .join('\n')
}

async function whyNoMaven(): Promise<string | null> {
  try {
    await run('mvn', ['-version'])
    return null
  } catch {
    return 'There is no Maven on the PATH.'
  }
}
