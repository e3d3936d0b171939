/** The mark holds both paths: the bar of batch, the line of stream. */
export function Brand() {
  return (
    <span className="flex items-center gap-2 text-[0.9375rem] font-semibold tracking-[-0.01em]">
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" className="size-5">
        <rect x="1" y="11" width="7" height="8" rx="1.5" className="fill-batch" />
        <path
          d="M9 15c2-9 5 5 10-9"
          fill="none"
          strokeWidth="2.6"
          strokeLinecap="round"
          className="stroke-stream"
        />
      </svg>
      Tillstream
    </span>
  )
}
