import { parseArgs } from 'node:util'

// One shape for every command: options are declared with what they take and may be, so that parsing, the sentence
// about a wrong value and its type come from one line; and a command ends with one exit code, whatever happened.

/** A command line that cannot be understood. The message says which part, and what it may be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** One option: how it is given, and what it is read as. */
export interface Option<Value> {
  readonly type: 'boolean' | 'string'
  readonly multiple: boolean
  /** @param name without dashes. @throws UsageError */
  read(given: Given, name: string): Value
}

type Given = string | boolean | (string | boolean)[] | undefined
type Options = Readonly<Record<string, Option<unknown>>>
type CamelCase<Name> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name
type ValueOf<One> = One extends Option<infer Value> ? Value : never

/** What was given, by the option's name in camel case; `words` are the arguments that are no options. */
export type CommandLine<Declared extends Options> = {
  -readonly [Name in keyof Declared as CamelCase<Name>]: ValueOf<Declared[Name]>
} & { words: string[] }

/** True when given: `--json`. */
export function flag(): Option<boolean> {
  return { type: 'boolean', multiple: false, read: given => given === true }
}

/** Any text: `--mapping NAME`. */
export function text(): Option<string | undefined> {
  return valued(given => given)
}

/** Texts, one for each time the option is given. */
export function texts(): Option<string[]> {
  return { type: 'string', multiple: true, read: given => (Array.isArray(given) ? given.map(String) : []) }
}

/**
 * A value that is read from its text.
 * @param read throws a UsageError that says what the option may be
 */
export function valued<Value>(read: (text: string, name: string) => Value): Option<Value | undefined> {
  return {
    type: 'string',
    multiple: false,
    read: (given, name) => (typeof given === 'string' ? read(given, name) : undefined),
  }
}

/** A whole number from `least` to `most`. */
export function wholeNumber(range: { least: number; most: number; unlessGiven: number }): Option<number>
export function wholeNumber(range: { least: number; most: number }): Option<number | undefined>
export function wholeNumber(range: {
  least: number
  most: number
  unlessGiven?: number
}): Option<number | undefined> {
  const { least, most, unlessGiven } = range
  const option = valued((given, name) => {
    const value = Number(given)
    if (/^\d+$/.test(given) && value >= least && value <= most) return value
    throw new UsageError(`--${name} is "${given}", but must be a whole number from ${least} to ${most}.`)
  })
  return { ...option, read: (given, name) => option.read(given, name) ?? unlessGiven }
}

/**
 * Reads the arguments of a command. `--help` is no option here: `runCommand` answers it.
 *
 * @param more `takesWords` for a command that takes arguments beside its options
 * @throws UsageError naming the option that is unknown or wrong
 */
export function parseOptions<Declared extends Options>(
  args: readonly string[],
  options: Declared,
  { takesWords = false }: { takesWords?: boolean } = {},
): CommandLine<Declared> {
  const { values, positionals } = parse(args, options, takesWords)
  const read = Object.entries(options).map(([name, option]) => [
    camelCase(name),
    option.read(values[name], name),
  ])
  return { ...Object.fromEntries(read), words: positionals }
}

function parse(args: readonly string[], options: Options, allowPositionals: boolean) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, multiple }]) => [name, { type, multiple }]),
      ),
    })
  } catch (error) {
    // Node goes on to explain how to pass a word that looks like an option; nobody here needs one.
    const [sentence = ''] = messageOf(error).split(/\. |\n/)
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`)
  }
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

export interface Command<Parsed> {
  /** The text of `--help`. */
  usage: string
  /** Said after a wrong command line: `"npm run seed -- --help" lists the options.` */
  hint: string
  /** @throws UsageError */
  parse(args: readonly string[]): Parsed
  /** Does it all. @returns the exit code, where it is not 0 */
  run(given: Parsed): Promise<number | undefined> | Promise<void>
  /** 2, where the command's contract does not say otherwise. */
  usageExitCode?: number
  /** 1, where the command's contract does not say otherwise. */
  failureExitCode?: number
}

/**
 * Runs a command to its end, and ends the process with its exit code: what an interrupted or failed command leaves
 * under way (a connection, a timer) must not keep the process, above all not one that a supervisor would restart.
 * What went wrong is one clear line on standard error; a stack follows only where the fault is ours.
 */
export async function runCommand<Parsed>(
  command: Command<Parsed>,
  args: readonly string[] = process.argv.slice(2),
): Promise<never> {
  // Whoever reads our output may be gone (a pipe into "head"); that must not end what we run.
  process.stdout.on('error', () => {})
  const exitCode = await exitCodeOf(command, args)
  // Where output is a pipe it may still be on its way.
  await new Promise(resolve => process.stdout.write('', resolve))
  process.exit(exitCode)
}

async function exitCodeOf<Parsed>(command: Command<Parsed>, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.usage)
    return 0
  }
  try {
    return (await command.run(command.parse(args))) ?? 0
  } catch (error) {
    const isUsage = error instanceof UsageError
    process.stderr.write(`${describeFailure(error)}\n${isUsage ? `${command.hint}\n` : ''}`)
    return isUsage ? (command.usageExitCode ?? 2) : (command.failureExitCode ?? 1)
  }
}

const OUR_FAULTS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

function describeFailure(error: unknown): string {
  return error instanceof Error && OUR_FAULTS.has(error.name) && !('code' in error)
    ? (error.stack ?? error.message)
    : messageOf(error)
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
