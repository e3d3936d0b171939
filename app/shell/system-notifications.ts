import type { Announcement } from '#app/shell/notices.ts'

/** What this browser lets us show outside its pages. */
export type NotificationPermissionState = 'unsupported' | 'default' | 'granted' | 'denied'

/** The worker that shows what is pushed; served by app/notification-worker.js. */
const WORKER = '/notification-worker.js'

export function notificationPermission(): NotificationPermissionState {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission
}

/** Whether this browser takes pushes at all: over TLS or on this machine alone. */
export function canPush(): boolean {
  return typeof navigator !== 'undefined' && 'serviceWorker' in navigator && 'PushManager' in window
}

/** Asks the person at this browser; must follow from a press. */
export async function askPermission(): Promise<NotificationPermissionState> {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.requestPermission()
}

/**
 * Shows announcements as notifications of the system, where the person has allowed it. One of the same alert replaces the
 * one before.
 */
export async function notify(announcements: readonly Announcement[]): Promise<void> {
  if (notificationPermission() !== 'granted') return
  const registration = await registerWorker()
  for (const { id, title, detail, href } of announcements) {
    const options = { body: detail, tag: id, icon: '/icon.svg', data: { href } }
    // By the worker, which on phones is the only way; where there can be none (a page without TLS), by the page.
    if (registration) await registration.showNotification(title, options)
    else {
      const shown = new Notification(title, options)
      shown.onclick = () => {
        window.focus()
        window.location.assign(href)
      }
    }
  }
}

async function registerWorker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!('serviceWorker' in navigator)) return undefined
  await navigator.serviceWorker.register(WORKER)
  return navigator.serviceWorker.ready
}

/** Where a push service takes pushes for this browser, and the keys they are encrypted for. */
export interface PushRoute {
  address: string
  keys: { p256dh: string; auth: string }
}

/**
 * Subscribes this browser to pushes.
 * @param publicKey of this installation
 * @throws when the browser or its push service refuses, with what they say
 */
export async function subscribeToPush(publicKey: string): Promise<PushRoute> {
  const registration = await registerWorker()
  if (!registration) throw new Error('This browser takes no pushes.')
  const known = await registration.pushManager.getSubscription()
  // One for the key of another installation takes nothing of ours.
  if (known && !hasKey(known, publicKey)) await known.unsubscribe()
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: publicKey,
  })
  const { endpoint, keys } = subscription.toJSON()
  if (!endpoint || !keys?.p256dh || !keys.auth) throw new Error('The browser gave no address for pushes.')
  return { address: endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }
}

function hasKey({ options }: PushSubscription, publicKey: string): boolean {
  if (options.applicationServerKey === null) return false
  const bytes = new Uint8Array(options.applicationServerKey)
  const text = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
  return text === publicKey.replace(/=+$/, '')
}
