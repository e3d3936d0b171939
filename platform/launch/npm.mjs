import { spawn } from 'node:child_process'
import path from 'node:path'

/**
 * Runs npm silently; never writes to our standard output.
 *
 * @param {{ root: string, args: readonly string[] }} call
 * @returns {Promise<void>}
 * @throws when npm fails, with what it wrote
 */
export function runNpm({ root, args }) {
  const npm = npmCommand(process.env.npm_execpath)
  return new Promise((resolve, reject) => {
    const child = spawn(npm.program, [...npm.args, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.once('error', error =>
      reject(new Error(`npm cannot be started (${error.message}). Install npm 10 or later.`)),
    )
    child.once('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`"npm ${args.join(' ')}" failed (exit code ${code}):\n${output.trim()}`))
    })
  })
}

/**
 * The npm that runs us, if it is npm that does.
 *
 * @param {string | undefined} execPath `npm_execpath`
 * @returns {{ program: string, args: string[] }}
 */
export function npmCommand(execPath) {
  if (execPath !== undefined && /^npm(-cli)?\.c?js$/.test(path.basename(execPath))) {
    return { program: process.execPath, args: [execPath] }
  }
  return { program: 'npm', args: [] }
}
