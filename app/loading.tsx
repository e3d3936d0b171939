import { Skeleton } from '#app/ui/card.tsx'

/** While the server reads the first figures: cards of about the size and place of those that come. */
export default function Loading() {
  return (
    <div aria-busy="true" className="grid gap-3">
      <p className="flex min-h-12 items-center pt-3 text-xs text-muted">
        Loading the first figures. If this lasts, the database is slow or away: /readyz of this server tells.
      </p>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-3 min-[88rem]:grid-cols-5">
        {['net', 'orders', 'units', 'returns', 'average'].map(figure => (
          <Skeleton key={figure} className="h-48 rounded-card" />
        ))}
      </div>
      <div className="grid grid-cols-1 gap-3 xl:grid-cols-3">
        <Skeleton className="h-96 rounded-card xl:col-span-2" />
        <Skeleton className="h-96 rounded-card" />
      </div>
    </div>
  )
}
