import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { projectRoot } from './environment.ts'
import { ProgramFailedError, runProgram, StopRequested, startProgram, unlessStopped } from './process.ts'
import { processIdentity } from './process-identity.mjs'

const directory = mkdtempSync(path.join(os.tmpdir(), 'tillstream-process-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A program of these lines. @returns its path from the project's folder */
function program(name: string, source: string): string {
  writeFileSync(path.join(directory, name), source)
  return path.relative(projectRoot, path.join(directory, name))
}

const endless = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('begun')`

describe('waiting', () => {
  test('ends with what was waited for', async () => {
    const { signal } = new AbortController()
    await expect(unlessStopped(signal, Promise.resolve(7))).resolves.toBe(7)
    await expect(unlessStopped(signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  })

  test('ends when somebody asks for the end', async () => {
    const controller = new AbortController()
    const waiting = unlessStopped(controller.signal, new Promise(() => {}))
    controller.abort(new StopRequested('Stopped by SIGINT.'))
    await expect(waiting).rejects.toBeInstanceOf(StopRequested)
  })

  test('does not begin when the end was asked for already', async () => {
    const stopped = AbortSignal.abort(new StopRequested('Stopped by SIGTERM.'))
    await expect(unlessStopped(stopped, new Promise(() => {}))).rejects.toBeInstanceOf(StopRequested)
  })
})

describe('a program of the project', () => {
  test('gets arguments and settings, and all that it wrote is kept', async () => {
    const entry = program(
      'tell.mjs',
      `console.log(process.argv.slice(2).join('+'), process.env.TOLD); console.error('aside')`,
    )
    const ended = await runProgram({ entry, args: ['a', 'b c'], settings: { TOLD: 'setting' } })
    expect(ended).toMatchObject({ code: 0, stdout: 'a+b c setting\n', stderr: 'aside\n' })
  })

  test('that fails is an error with the end of what it said', async () => {
    const entry = program('fail.mjs', `console.error('no disk'); process.exit(3)`)
    await expect(runProgram({ entry })).rejects.toThrow(ProgramFailedError)
    await expect(runProgram({ entry })).rejects.toThrow(/fail\.mjs failed \(exit code 3\):\nno disk$/)
  })

  test('tells its lines as they come', async () => {
    const entry = program('lines.mjs', `console.log('one'); console.error('two')`)
    const lines: string[] = []
    const { ended } = startProgram({ entry, output: (line, stream) => lines.push(`${stream} ${line}`) })
    await ended
    expect(lines.sort()).toEqual(['stderr two', 'stdout one'])
  })

  test('that does not end when it is asked to is killed', async () => {
    const running = startProgram({ entry: program('endless.mjs', endless) })
    await vi.waitUntil(() => running.output().includes('begun'), { timeout: 60_000 })
    expect(await running.stop(50)).toMatchObject({ code: null, signal: 'SIGKILL' })
  })

  test('ends when the end of all is asked for', async () => {
    const stop = new AbortController()
    const running = runProgram({
      entry: program('long.mjs', 'setInterval(() => {}, 1000)'),
      stop: stop.signal,
    })
    stop.abort(new StopRequested('Stopped by SIGINT.'))
    await expect(running).rejects.toBeInstanceOf(StopRequested)
  })
})

describe('the identity of a process', () => {
  // The way of other systems can be tried here too.
  test.each(['linux', 'darwin'] as const)('stays the same, and is its own (%s)', platform => {
    expect(processIdentity(process.pid, platform)).toBeDefined()
    expect(processIdentity(process.pid, platform)).toBe(processIdentity(process.pid, platform))
  })

  test('differs between two processes', () => {
    expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid))
  })

  test.each(['linux', 'darwin'] as const)('ends with the process (%s)', async platform => {
    const { pid, ended } = startProgram({ entry: program('short.mjs', '') })
    await ended
    expect(processIdentity(pid, platform)).toBeUndefined()
  })
})
