import { parseArgs } from 'node:util'

export const STREAM_HELP = `Usage: npm run stream -- [options]

Runs the stream path: reads the order log and keeps the live tables (windows, stock, alerts).

  --until-caught-up   run to the end of the log as it is now, print a summary and stop;
                      where a service already works on a partition, wait for it
  --partitions LIST   work on these partitions only, e.g. 0,1 (default: all)
  --help              this text

Without --until-caught-up it runs until it is stopped (Ctrl+C). Taking a partition stops whoever worked
on it before. Exit codes: 0 done or stopped, 1 failed, 2 wrong usage, 3 all its partitions were taken by
other stream processes (starting it again would take them back).
`

/** A command line that cannot be understood. The message says what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface StreamArguments {
  isHelp: boolean
  isUntilCaughtUp: boolean
  /** Null: all. */
  partitions: number[] | null
}

/** @throws UsageError naming the option that is unknown or wrong */
export function parseStreamArguments(args: readonly string[]): StreamArguments {
  const { values } = parseOptions(() =>
    parseArgs({
      args: [...args],
      options: {
        'until-caught-up': { type: 'boolean', default: false },
        partitions: { type: 'string' },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    }),
  )
  return {
    isHelp: values.help,
    isUntilCaughtUp: values['until-caught-up'],
    partitions: values.partitions === undefined ? null : parsePartitions(values.partitions),
  }
}

/** Turns what parseArgs throws into one clear line. */
export function parseOptions<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${message.split('\n')[0]} (--help lists the options)`)
  }
}

/** The partitions to work on. @throws UsageError when the log has no such partition */
export function choosePartitions(asked: readonly number[] | null, count: number): number[] {
  const all = Array.from({ length: count }, (_, partition) => partition)
  if (asked === null) return all
  const unknown = asked.find(partition => partition >= count)
  if (unknown !== undefined) {
    throw new UsageError(`--partitions: the log has no partition ${unknown}; it has 0 to ${count - 1}`)
  }
  return all.filter(partition => asked.includes(partition))
}

function parsePartitions(list: string): number[] {
  const parts = list.split(',').map(part => part.trim())
  const wrong = parts.find(part => !/^\d{1,5}$/.test(part))
  if (wrong !== undefined) {
    throw new UsageError(`--partitions: "${wrong}" is no partition number; give a list such as 0,1`)
  }
  return parts.map(Number)
}
