import { expect, test } from 'vitest'
import { startPrivatePostgres } from '#db/testing.ts'
import { addTestStores, order, post, startTestIntake } from './test-intake.ts'

test('outage', async () => {
  const pg = await startPrivatePostgres()
  await addTestStores(pg.url)
  const intake = await startTestIntake(pg.url)
  let n = 0
  expect((await post(intake, order('x'))).status).toBe(200)
  await pg.stopImmediately()
  const end = Date.now() + 15000
  const st: Record<string, number> = {}
  const lat: number[] = []
  while (Date.now() < end) {
    const t = Date.now()
    const a = await post(intake, order(`o${n++}`))
    st[a.status] = (st[a.status] ?? 0) + 1
    lat.push(Date.now() - t)
    await new Promise(r => setTimeout(r, 50))
  }
  console.log(st, 'max latency', Math.max(...lat))
  await pg.start()
  const t = Date.now()
  for (;;) {
    const a = await post(intake, order(`o${n++}`))
    if (a.status === 200) break
    await new Promise(r => setTimeout(r, 50))
  }
  console.log('recovered after', Date.now() - t)
  await intake.stop()
  await pg.drop()
}, 120000)
