/**
 * The stream path as a Flink job: a source that reads the topic, one fold a partition in the order of offsets, and a
 * sink that commits rows, sources, change row and checkpoint together.
 */
package tillstream.job;
