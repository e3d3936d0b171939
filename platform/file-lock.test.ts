import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { holderOf, tryLock, unlock, withFileLock } from './file-lock.mjs'
import { processIdentity } from './process-identity.mjs'

let directory = ''
let file = ''
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'tillstream-lock-'))
  file = path.join(directory, 'lock')
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('a file lock', () => {
  test('is free again after the work, also when the work fails', async () => {
    const work = withFileLock({ file, onWait: () => {}, work: () => Promise.reject(new Error('failed')) })
    await expect(work).rejects.toThrow('failed')
    expect(existsSync(file)).toBe(false)
  })

  test('makes the second wait, and tells it for whom', async () => {
    const order: string[] = []
    const waits: number[] = []
    let finishFirst = () => {}
    const first = withFileLock({
      file,
      onWait: () => {},
      work: () =>
        new Promise<void>(resolve => {
          finishFirst = () => {
            order.push('first')
            resolve()
          }
        }),
    })
    const second = withFileLock({
      file,
      onWait: pid => {
        waits.push(pid)
        finishFirst()
      },
      work: async () => void order.push('second'),
    })
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
    expect(waits).toEqual([process.pid])
  })

  test('of a dead process is taken over', async () => {
    const child = spawn(process.execPath, ['--eval', ''])
    writeFileSync(file, holderOf(child.pid ?? 0))
    await once(child, 'exit')
    expect(tryLock(file)).toBeUndefined()
    unlock(file)
  })

  test('of an earlier boot is taken over, though a process of that pid and age runs now', () => {
    const holder = holderOf(process.pid)
    // On Linux the boot's id says it, elsewhere the date of the start.
    const boot =
      process.platform === 'linux'
        ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
        : (processIdentity(process.pid) ?? '')
    writeFileSync(file, holder.replace(boot, 'another'))
    expect(tryLock(file)).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe(holder)
    unlock(file)
  })

  test('of a running process is not', () => {
    expect(tryLock(file)).toBeUndefined()
    expect(tryLock(file)).toBe(process.pid)
    unlock(file)
  })
})
