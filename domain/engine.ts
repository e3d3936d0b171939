/** What can build a generation of the stream's tables and follow the log with it: this stream, or Apache Flink. */
export const ENGINES = ['tillstream', 'flink'] as const

export type Engine = (typeof ENGINES)[number]

/** The stream service's own: the reference that others are held against. */
export const OWN_ENGINE: Engine = 'tillstream'

/** As people read it. */
export const ENGINE_TITLES: Readonly<Record<Engine, string>> = { tillstream: 'Tillstream', flink: 'Flink' }
