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
 *
 * <p>Not here, since no entry of the log needs it: enrichment and recognition (the intake does both, once), habits,
 * forecasts, policies and order sizes (jobs of the batch path write them; here they are rows that hold from an instant on),
 * rules of the batch path, titles and descriptions of rules. Sums past 64 bits are an error, which the database would make
 * of them in the other engine. Powers and logarithms come from StrictMath, which is the library of V8: doubles agree to the
 * last bit.
 */
package tillstream.domain;
