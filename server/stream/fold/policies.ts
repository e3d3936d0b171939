import type { Instant } from '#domain/instant.ts'

/** A rule of replenishment for one sku in one store, valid from an instant until the next one. */
export interface StockPolicy {
  validFrom: Instant
  reorderPoint: number
  /** Level that an order brings the inventory position up to; null where none is set. */
  orderUpTo: number | null
}

/** The policy valid at an instant. @param policies ascending by `validFrom` */
export function policyAt(policies: readonly StockPolicy[], at: Instant): StockPolicy | null {
  for (let index = policies.length - 1; index >= 0; index -= 1) {
    const policy = policies[index]
    if (policy && policy.validFrom <= at) return policy
  }
  return null
}
