/**
 * What an event means, as `domain/` and the pure part of `server/stream/fold/` say it in TypeScript: no input, no
 * output, no clock, and nothing of Flink. Both are held to the same cases (`src/test/resources/cases`), which the
 * TypeScript side writes.
 *
 * <pre>
 *   record ─ Judge ─▶ late? ─┬─▶ WindowFold ─▶ windows and revisions
 *            watermark       ├─▶ StockFold ──▶ stock, purchases, shortages
 *                            └─▶ OperatorFold ▶ rules' alerts, panes, sessions
 *   PartitionFold: one a partition, in the order of offsets; drained as often as one likes, the sums are the same
 * </pre>
 */
package tillstream.domain;
