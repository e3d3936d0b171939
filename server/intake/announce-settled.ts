import type { Sql } from '#db/client.ts'

type Transaction = Parameters<Parameters<Sql['begin']>[1]>[0]

/** Tells open pages that a letter was settled. The lane is locked until the commit: the last statement of a transaction. */
export async function announceSettled(
  transaction: Transaction,
  settled: { deadLetter: number; state: 'requeued' | 'discarded' },
): Promise<void> {
  await transaction`
    select pg_notify('ops_changed', ''), live.append_ops('dead_letter', ${transaction.json(settled)})`
}
