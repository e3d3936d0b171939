import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { parseOptions, runCommand } from '#platform/command.ts'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { openTerminal } from './terminal.ts'

/** What one check found; an empty text means that all is well. */
type Findings = string

const checks: readonly { name: string; run: () => Promise<Findings> }[] = [
  {
    name: 'format, lint, imports',
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

await runCommand({
  usage: `Usage: npm run check

Format, lint, types, unused code and import directions of the whole project.
`,
  hint: '"npm run check" takes no options.',
  parse: args => parseOptions(args, {}),
  async run() {
    const terminal = openTerminal(process.stdout)
    let isClean = true
    for (const { name, run } of checks) {
      const began = performance.now()
      const findings = await run()
      if (findings === '') terminal.done(name, performance.now() - began)
      else {
        isClean = false
        terminal.failed(name, findings)
      }
    }
    return isClean ? 0 : 1
  },
})
