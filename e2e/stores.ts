import type { TestStore } from './stack/tills.ts'

export const berlin: TestStore = {
  store: 'berlin-mitte',
  name: 'Berlin Mitte',
  zone: 'Europe/Berlin',
  currency: 'EUR',
}
export const lisboa: TestStore = {
  store: 'lisboa-baixa',
  name: 'Lisboa Baixa',
  zone: 'Europe/Lisbon',
  currency: 'EUR',
}
export const tokyo: TestStore = {
  store: 'tokyo-shibuya',
  name: 'Tokyo Shibuya',
  zone: 'Asia/Tokyo',
  currency: 'JPY',
}
