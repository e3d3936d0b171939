import { describe, expect, it } from 'vitest'
import { type Repair, repairPayload } from './repair-payload.ts'

const EVENT = {
  id: 'a',
  store: 'berlin-mite',
  colour: 'red',
  lines: [
    { sku: 'T', units: 1 },
    { sku: 'C', units: 2 },
  ],
}

function repaired(repair: Repair, event: unknown = EVENT): unknown {
  const result = repairPayload(JSON.stringify(event), repair)
  return result.kind === 'repaired' ? JSON.parse(result.payload) : null
}

describe('a repair of many events', () => {
  it('sets a field where it is what it was said to be, or wherever', () => {
    const set = { kind: 'set', field: 'store', to: 'berlin-mitte' } as const
    expect(repaired({ ...set, from: 'berlin-mite' })).toEqual({ ...EVENT, store: 'berlin-mitte' })
    expect(repaired({ ...set, from: 'porto' })).toBeNull()
    expect(repaired(set, { id: 'a' })).toEqual({ id: 'a', store: 'berlin-mitte' })
    expect(repaired({ ...set, to: 'berlin-mite' })).toBeNull()
  })

  it('goes into every line, and keeps what is a number a number', () => {
    expect(repaired({ kind: 'set', field: 'lines.sku', from: 'T', to: 'TEA' })).toMatchObject({
      lines: [{ sku: 'TEA', units: 1 }, { sku: 'C' }],
    })
    expect(repaired({ kind: 'set', field: 'lines.units', from: '2', to: '3' })).toMatchObject({
      lines: [{ units: 1 }, { units: 3 }],
    })
  })

  it('renames and removes a field, and never writes over another one', () => {
    expect(repaired({ kind: 'remove', field: 'colour' })).toEqual({ ...EVENT, colour: undefined })
    expect(repaired({ kind: 'rename', field: 'colour', to: 'session' })).toMatchObject({ session: 'red' })
    expect(repaired({ kind: 'rename', field: 'colour', to: 'store' })).toBeNull()
    expect(repaired({ kind: 'remove', field: 'size' })).toBeNull()
  })

  it('leaves alone what it cannot read, and what would come out with another number', () => {
    const repair: Repair = { kind: 'set', field: 'store', to: 'porto' }
    for (const payload of [
      '{"half":',
      '[]',
      '"text"',
      'null',
      '{"units":12345678901234567890}',
      '{"units":2.50}',
    ])
      expect(repairPayload(payload, repair)).toEqual({ kind: 'untouched' })
  })

  it('takes any name for a field', () => {
    const result = repairPayload('{"a":"1"}', { kind: 'rename', field: 'a', to: '__proto__' })
    expect(result).toEqual({ kind: 'repaired', payload: '{"__proto__":"1"}' })
  })
})
