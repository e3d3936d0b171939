import { expect, test } from 'vitest'
import { GET, POST } from './route.ts'

function calls(count: number): string {
  const input = JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [index, null])))
  const names = new Array(count).fill('overview.get').join(',')
  return `http://localhost/api/trpc/${names}?batch=1&input=${encodeURIComponent(input)}`
}

test('twenty calls of one request are looked at, twenty-one are refused before any is', async () => {
  // No database is open here: whatever is looked at says so.
  expect(await (await GET(new Request(calls(20)))).text()).toContain('No database is open here')
  const posted = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }
  for (const response of [await GET(new Request(calls(21))), await POST(new Request(calls(21), posted))]) {
    expect(response.status).toBe(400)
  }
})
