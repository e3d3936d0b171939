import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { narrateTo } from './narrate.ts'

const usage = `Usage: npm run check

Format, lint, types, unused code and import directions of the whole project.
`

/** What one check found; an empty text means that all is well. */
type Findings = string

const checks: readonly { name: string; run: () => Promise<Findings> }[] = [
  {
    name: 'format, lint and imports',
    run: () => runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  },
  { name: 'types', run: checkTypes },
  { name: 'unused code', run: () => runTool('knip/bin/knip.js', []) },
]

async function checkTypes(): Promise<Findings> {
  // Writes the types of the pages' routes, which no repository holds.
  const routes = await runTool('next/dist/bin/next', ['typegen'])
  return routes === '' ? runTool('typescript/bin/tsc', ['--noEmit', '--project', '.']) : routes
}

/** @returns what the tool wrote when it was not content */
async function runTool(script: string, args: readonly string[]): Promise<Findings> {
  const child = spawn(process.execPath, [path.join(projectRoot, 'node_modules', script), ...args], {
    cwd: projectRoot,
    env: inheritedEnvironment({ NEXT_TELEMETRY_DISABLED: '1' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  await once(child, 'close')
  return child.exitCode === 0 ? '' : output.trim() || `${script} ended with exit code ${child.exitCode}`
}

async function check(): Promise<boolean> {
  const narration = narrateTo(process.stdout)
  let isClean = true
  for (const { name, run } of checks) {
    const began = performance.now()
    const findings = await run()
    if (findings === '') narration.done(name, performance.now() - began)
    else {
      isClean = false
      narration.failed(name, findings)
    }
  }
  return isClean
}

const [argument] = process.argv.slice(2)
if (argument === '--help' || argument === '-h') process.stdout.write(usage)
else if (argument !== undefined) {
  process.stderr.write(`Unknown option '${argument}'.\n${usage}`)
  process.exitCode = 2
} else process.exitCode = (await check()) ? 0 : 1
