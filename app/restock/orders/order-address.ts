/** The address of an order's page. */
export function orderAddress(order: string): string {
  return `/restock/orders/${encodeURIComponent(order)}`
}

/** The number of an order in an address, as the router gives it; an address that is no text stays as it is. */
export async function orderIn(params: Promise<{ order: string }>): Promise<string> {
  const { order } = await params
  try {
    return decodeURIComponent(order)
  } catch {
    return order
  }
}
