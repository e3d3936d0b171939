import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { type JvmSettings, readJvmSettings } from '#platform/environment.ts'

/** What Kafka's broker and Flink ask for at least. */
const LEAST_VERSION = 17

const ADVICE = `Install a JDK (or JRE) of version ${LEAST_VERSION} or later and put it on the PATH, or set JAVA_HOME to its folder.`

/** No Java that can run what was asked for. The message says what to do. */
export class JavaMissingError extends Error {
  override readonly name = 'JavaMissingError'
}

export interface Java {
  /** The program to run. */
  command: string
  /** Feature release, such as 17. */
  version: number
}

/**
 * Finds a Java that is new enough: that of JAVA_HOME where it is set, else the one on the PATH.
 *
 * @throws JavaMissingError
 */
export async function findJava({ javaHome }: JvmSettings = readJvmSettings()): Promise<Java> {
  const command = javaHome === undefined ? 'java' : path.join(javaHome, 'bin', 'java')
  let said: string
  try {
    // It tells its version on stderr.
    said = (await promisify(execFile)(command, ['-version'])).stderr
  } catch (error) {
    const where = javaHome === undefined ? 'on the PATH' : `in JAVA_HOME (${javaHome})`
    throw new JavaMissingError(`There is no Java ${where}. ${ADVICE}`, { cause: error })
  }
  const version = javaVersion(said)
  if (version === undefined || version < LEAST_VERSION) {
    const found = version === undefined ? 'one that does not tell its version' : `version ${version}`
    throw new JavaMissingError(`The Java found (${command}) is ${found}. ${ADVICE}`)
  }
  return { command, version }
}

/** Why Java programs cannot run here, as a sentence for who leaves out a test; null where they can. */
export async function whyNoJava(): Promise<string | null> {
  try {
    await findJava()
    return null
  } catch (error) {
    if (error instanceof JavaMissingError) return error.message
    throw error
  }
}

/** The feature release in what `java -version` says: `17.0.15` is 17, `1.8.0_392` is 8, `21-ea` is 21. */
export function javaVersion(said: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(said) ?? []
  if (first === undefined) return undefined
  return first === '1' && second !== undefined ? Number(second) : Number(first)
}
