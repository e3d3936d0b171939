/**
 * What a browser runs when a push comes, also while no page is open. It shows what it is sent: a push of the same tag
 * replaces the one before, so one that was sent twice is shown once. A press opens the page it leads to, in a window that
 * is there already if there is one.
 */
const WORKER = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()))

self.addEventListener('push', event => {
  const { title, body, tag, href } = event.data.json()
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon: '/icon.svg', data: { href } }))
})

self.addEventListener('notificationclick', event => {
  event.notification.close()
  const url = new URL(event.notification.data.href, self.location.origin).href
  event.waitUntil((async () => {
    const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const [open] = windows
    if (!open) return self.clients.openWindow(url)
    await open.focus()
    return open.navigate(url)
  })())
})
`

export function GET(): Response {
  return new Response(WORKER, {
    headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' },
  })
}
