import { Skeleton } from '#app/ui/skeleton.tsx'

/** While the server reads the first figures. */
export default function Loading() {
  return (
    <div aria-busy="true" className="grid gap-3 pt-16">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-52 rounded-card" />
      <Skeleton className="h-96 rounded-card" />
    </div>
  )
}
