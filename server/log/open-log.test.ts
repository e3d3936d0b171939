import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'

/** Loads a module in a process of its own. @returns whether Kafka's client was loaded with it */
function loadsKafka(specifier: string): boolean {
  const program = `
    import module from 'node:module'
    const asked = new Set()
    module.registerHooks({ resolve: (name, context, next) => (asked.add(name), next(name, context)) })
    await import('${specifier}')
    process.stdout.write(String(asked.has('@platformatic/kafka')))
    process.exit(0)`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program]
  return execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' }) === 'true'
}

test.each(['#server/intake/service.ts', '#server/stream/run.ts', '#jobs/schedule/schedule.ts'])(
  '%s loads the client of Kafka only once a log is there: it takes 45 MB of a process',
  specifier => {
    expect(loadsKafka(specifier)).toBe(false)
    expect(loadsKafka('#server/log/kafka/kafka-log.ts')).toBe(true)
  },
)
