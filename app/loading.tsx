import { Skeleton } from '#app/ui/card.tsx'

/** While the server reads the first figures: cards of about the size and place of those that come. */
export default function Loading() {
  return (
    <div aria-busy="true" className="grid gap-3 pt-15">
      <span className="sr-only">Loading</span>
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
