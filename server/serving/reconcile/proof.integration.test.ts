import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { isClean, reconcile } from './reconcile.ts'
import { nameWitness, PLANTED_FAULTS } from './testing/planted-faults.ts'
import { buildProofShop, PROOF_DAYS, runBatch, send, zReport } from './testing/proof-shop.ts'

const SCOPE = { ...PROOF_DAYS, stores: [] }

let built: TestDatabase

beforeAll(async () => {
  built = await buildProofShop()
})
afterAll(() => built.drop())

async function withCopy<Answer>(use: (database: TestDatabase) => Promise<Answer>): Promise<Answer> {
  const database = await copyTestDatabase(built)
  try {
    return await use(database)
  } finally {
    await database.drop()
  }
}

function overShortRow(day: string, tender: string, declared: string, counted: string, difference: string) {
  return { business_day: day, tender, declared, counted, difference }
}

describe('the proof', () => {
  it('begins with a shop in which nothing is found, whatever is in it', async () => {
    await withCopy(async ({ sql }) => {
      const result = await reconcile(sql, SCOPE)
      expect(result.findings).toEqual([])
      expect(result).toMatchObject({ unexplained: 0, notRebuildable: 0, outside: null })
      expect(result.compared).toBeGreaterThan(0)
    })
  })

  it.each(PLANTED_FAULTS)('$fault', async ({ plant, witness, says, isAlone }) => {
    await withCopy(async database => {
      await plant(database)
      const result = await reconcile(database.sql, SCOPE)
      expect(isClean(result)).toBe(false)
      const named = result.findings.filter(
        ({ kind, relation, metric }) => nameWitness({ kind, relation, metric }) === nameWitness(witness),
      )
      expect(named, JSON.stringify(result.findings, null, 1)).not.toEqual([])
      if (says) expect(named.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(says))
      if (isAlone) {
        expect(result.unexplained).toBe(0)
        expect(result.findings).toEqual(named)
      }
    })
  })

  it('tells what was counted beside what a till says, and which of its receipts never came', async () => {
    await withCopy(async database => {
      const { sql } = database
      const overShort = () => sql`
        select business_day, tender, declared, counted, difference from reports.over_short
        where store = 'berlin' order by business_day, tender`
      expect(await overShort()).toEqual(
        [
          // a float of 100.00 and 4.00 of sales
          overShortRow('2026-03-02', 'cash', '104.0000', '103.5000', '-0.5000'),
          overShortRow('2026-03-02', 'card', '20.9000', '20.9000', '0.0000'),
          overShortRow('2026-03-03', 'cash', '100.0000', '103.5000', '3.5000'),
          overShortRow('2026-03-03', 'card', '-2.4000', '-2.4000', '0.0000'),
          overShortRow('2026-03-04', 'cash', '100.0000', '103.5000', '3.5000'),
        ].toSorted((one, other) =>
          `${one.business_day} ${one.tender}`.localeCompare(`${other.business_day} ${other.tender}`),
        ),
      )
      expect(await sql`select from reports.missing_receipts`).toHaveLength(0)
      await send(database, [
        zReport(
          { id: 'z-1-again', day: '2026-03-02', at: '2026-03-03T03:30:00+01:00', last: 'B-0006' },
          { orders: 5, units: 10, net: '30' },
        ),
      ])
      await runBatch(database)
      expect(
        await sql`select business_day, store, register, first, last, missing, missing_count from reports.missing_receipts`,
      ).toEqual([
        {
          business_day: '2026-03-02',
          store: 'berlin',
          register: 'till-1',
          first: 'B-0001',
          last: 'B-0006',
          missing: ['B-0005', 'B-0006'],
          missing_count: 2,
        },
      ])
    })
  })

  it('is told in docs/proof.md, fault by fault', async () => {
    const text = await readFile('docs/proof.md', 'utf8')
    const told = [...text.matchAll(/^\| \d+ \| (.+?) \| (.+?) \|$/gm)].map(([, fault, witness]) => [
      fault,
      witness,
    ])
    expect(told).toEqual(PLANTED_FAULTS.map(({ fault, witness }) => [fault, `\`${nameWitness(witness)}\``]))
    expect(told.length).toBeGreaterThanOrEqual(25)
  })
})
