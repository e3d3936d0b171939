import { hostname } from 'node:os'
import { readEnvironment } from '#platform/environment.ts'
import { checkHealth } from './check-health.ts'
import { isProcessName, processNames } from './processes.ts'

const usage = `Usage: node platform/launch/health.ts PROCESS

Ends with 0 when the process (${processNames.join(', ')}) works on this machine, with 1 and a sentence
when it does not: for the health checks of containers.
`

const [name = ''] = process.argv.slice(2)
if (isProcessName(name)) {
  const environment = readEnvironment()
  const problem = await checkHealth(name, { environment, hostname: hostname(), now: Date.now() })
  if (problem !== null) process.stdout.write(`${name}: ${problem}\n`)
  process.exit(problem === null ? 0 : 1)
}
process.stderr.write(usage)
process.exit(2)
