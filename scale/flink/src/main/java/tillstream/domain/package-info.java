/**
 * What an event means, as `domain/` and the pure part of `server/stream/fold/` say it in TypeScript: no input, no
 * output, no clock, and nothing of Flink. Both are held to the same examples.
 */
package tillstream.domain;
