import type { ScenarioName } from '#domain/scenario.ts'
import { beginCardFraud } from './card-fraud.ts'
import { beginFlashPromotion } from './flash-promotion.ts'
import { beginHotStore, beginRush, beginSupplierLate } from './pace-scripts.ts'
import { beginPoisonEvents } from './poison.ts'
import { beginRefundWave } from './refund-wave.ts'
import type { BeginScript } from './script.ts'
import { beginClockSkew, beginTillOffline } from './till-scripts.ts'

/** How each scenario goes. The ordinary day needs no script: it is always there. */
export const SCRIPTS: Readonly<Record<Exclude<ScenarioName, 'ordinary'>, BeginScript>> = {
  rush: beginRush,
  'supplier-late': beginSupplierLate,
  'till-offline': beginTillOffline,
  'refund-wave': beginRefundWave,
  'card-fraud': beginCardFraud,
  'clock-skew': beginClockSkew,
  'poison-events': beginPoisonEvents,
  'flash-promotion': beginFlashPromotion,
  'hot-store': beginHotStore,
}
