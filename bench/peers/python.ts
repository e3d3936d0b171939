import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What the peers need, by exact version: another one measures something else. */
const PACKAGES = [
  'polars==2.1.0',
  'pyarrow==26.0.1',
  'pyspark==4.3.0',
  'duckdb==2.0.1',
  'adbc-driver-postgresql==1.13.0',
]
const SCRIPT = path.join(import.meta.dirname, 'reports.py')
const MOST_OUTPUT = 16 * 1024 * 1024

export interface PeerResult {
  version: string
  rows: number
  gross: number
  firstMs: number
  warmMs: number
}

/**
 * A Python with the peers in it, made once in the machine's folder of temporary files.
 * @returns null, and why, where there is no Python or no registry
 */
export async function openPython(): Promise<{ python: string } | { missing: string }> {
  const folder = path.join(os.tmpdir(), 'tillstream-bench-peers')
  const python = path.join(folder, 'bin', 'python')
  try {
    if (!(await stat(python).catch(() => null))) await execute('python3', ['-m', 'venv', folder])
    await execute(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      maxBuffer: MOST_OUTPUT,
    })
    return { python }
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return { missing: (stderr || message).trim().split('\n').at(-1) ?? 'no reason given' }
  }
}

/** Runs one engine in a process of its own. @throws what it said on its way out */
export async function runPeer(python: string, args: readonly (string | number)[]): Promise<PeerResult> {
  const { stdout } = await execute(python, [SCRIPT, ...args.map(String)], { maxBuffer: MOST_OUTPUT })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PeerResult
}
