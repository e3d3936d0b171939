import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isLoopback, projectRoot, readEnvironment } from './environment.ts'

describe('the environment', () => {
  test('has a default for everything', () => {
    expect(readEnvironment({})).toMatchObject({
      databaseUrl: undefined,
      dataDir: path.join(projectRoot, '.data'),
      dropDir: path.join(projectRoot, '.data', 'drop'),
      host: '127.0.0.1',
      port: 3000,
      intakePort: 3001,
      intakeKey: undefined,
      dashboardPassword: undefined,
      logLevel: 'info',
    })
  })

  test('counts an empty value as unset', () => {
    expect(readEnvironment({ PORT: '', DATABASE_URL: '', INTAKE_KEY: '' })).toMatchObject({
      port: 3000,
      databaseUrl: undefined,
      intakeKey: undefined,
    })
  })

  test('puts the intake beside the dashboard and the drop folder into the data folder', () => {
    const environment = readEnvironment({ PORT: '4100', DATA_DIR: '/srv/till' })
    expect(environment.intakePort).toBe(4101)
    expect(environment.dropDir).toBe('/srv/till/drop')
  })

  test.each([
    [{}, 'http://127.0.0.1:3001'],
    [{ HOST: '127.0.0.2', INTAKE_PORT: '4444' }, 'http://127.0.0.2:4444'],
    [{ HOST: '0.0.0.0', INTAKE_KEY: 'k', DASHBOARD_PASSWORD: 'p' }, 'http://127.0.0.1:3001'],
    [{ HOST: '::', INTAKE_KEY: 'k', DASHBOARD_PASSWORD: 'p' }, 'http://[::1]:3001'],
    [{ HOST: '::1' }, 'http://[::1]:3001'],
    [{ INTAKE_URL: 'http://intake:3001/' }, 'http://intake:3001'],
    [{ INTAKE_URL: 'http://intake' }, 'http://intake'],
  ])('with %o the intake is called at %s', (source, url) => {
    expect(readEnvironment(source).intakeUrl).toBe(url)
  })

  test('takes relative folders from the project, wherever it is started', () => {
    expect(readEnvironment({ DATA_DIR: 'elsewhere' }).dataDir).toBe(path.join(projectRoot, 'elsewhere'))
  })

  test.each([
    [{ PORT: 'abc' }, 'PORT is "abc", but must be a whole number from 1 to 65535'],
    [{ PORT: '70000' }, 'PORT is "70000"'],
    [{ PORT: '0' }, 'PORT is "0"'],
    [{ INTAKE_PORT: '-1' }, 'INTAKE_PORT is "-1"'],
    [{ INTAKE_URL: 'intake:3001' }, 'INTAKE_URL is "intake:3001", but must be http://host:port'],
    [{ INTAKE_URL: 'https://intake:3001' }, 'INTAKE_URL is "https://intake:3001"'],
    [{ INTAKE_URL: 'http://intake:3001/api/v1/events' }, 'INTAKE_URL is "http://intake:3001/api/v1/events"'],
    [{ INTAKE_URL: 'http://till:key@intake' }, 'INTAKE_URL is'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud", but must be one of fatal, error, warn'],
    [{ PORT: '65535' }, 'INTAKE_PORT (PORT + 1) would be 65536'],
    [{ PORT: '4000', INTAKE_PORT: '4000' }, 'PORT and INTAKE_PORT are both 4000'],
  ])('names variable, value and range: %o', (source, message) => {
    expect(() => readEnvironment(source)).toThrow(message)
  })

  test('names every bad variable at once', () => {
    expect(() => readEnvironment({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/PORT.*\n.*LOG_LEVEL/)
  })

  test('never prints a secret', () => {
    expect(() => readEnvironment({ DATABASE_URL: 'mysql://root:hunter2@db/x' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    )
    expect(() => readEnvironment({ INTAKE_KEY: 'with space' })).toThrow(/^INTAKE_KEY must be printable/)
  })
})

describe('an address that other machines can reach', () => {
  const open = { HOST: '0.0.0.0' }

  test.each([
    [open, 'INTAKE_KEY and DASHBOARD_PASSWORD are not set'],
    [{ ...open, INTAKE_KEY: 'k' }, 'DASHBOARD_PASSWORD is not set'],
    [{ ...open, DASHBOARD_PASSWORD: 'p' }, 'INTAKE_KEY is not set'],
    [{ HOST: 'till.example.com' }, 'unset HOST to listen on 127.0.0.1 only'],
  ])('is refused without key and password: %o', (source, message) => {
    expect(() => readEnvironment(source)).toThrow(message)
  })

  test('is accepted with both', () => {
    expect(readEnvironment({ ...open, INTAKE_KEY: 'k', DASHBOARD_PASSWORD: 'p' }).host).toBe('0.0.0.0')
  })

  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('is not %s', host => {
    expect(isLoopback(host)).toBe(true)
    expect(readEnvironment({ HOST: host }).host).toBe(host)
  })

  test.each(['0.0.0.0', '::', '192.168.1.4', '127.0.0.1.example.com', 'localhost.example.com'])(
    'is %s',
    host => {
      expect(isLoopback(host)).toBe(false)
    },
  )
})
