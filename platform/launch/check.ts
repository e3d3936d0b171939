import { parseOptions, runCommand } from '#platform/command.ts'
import { startProgram } from '#platform/process.ts'
import { checkLockfile } from './dependencies.ts'
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
  { name: 'integrity of packages', run: checkLockfile },
]

async function checkTypes(): Promise<Findings> {
  // Writes the types of the pages' routes, which no repository holds.
  const routes = await runTool('next/dist/bin/next', ['typegen'])
  return routes === '' ? runTool('typescript/bin/tsc', ['--noEmit', '--project', '.']) : routes
}

/** @returns what the tool wrote when it was not content */
async function runTool(script: string, args: readonly string[]): Promise<Findings> {
  const { code, output } = await startProgram({
    entry: `node_modules/${script}`,
    args,
    settings: { NEXT_TELEMETRY_DISABLED: '1' },
    isTool: true,
  }).ended
  return code === 0 ? '' : output.trim() || `${script} ended with exit code ${code}`
}

await runCommand({
  usage: `Usage: npm run check

Format, lint, types, unused code and import directions of the whole project, and the lockfile's integrity.
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
