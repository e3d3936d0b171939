import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { readJvmSettings } from '#platform/environment.ts'
import { fetchJars } from '#platform/jvm/fetch-jars.ts'
import { runJvm } from '#platform/jvm/start-jvm.ts'

const FOLDER = import.meta.dirname
const LOCK_FILE = path.join(FOLDER, 'jars.lock.json')
const SOURCES = path.join(FOLDER, 'src/main/java')
const RESOURCES = path.join(FOLDER, 'src/main/resources')

/** What Flink itself opens of Java's modules (`env.java.opts.all`), as far as this job needs it. */
export const OPENS = [
  'java.base/java.lang',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.nio',
  'java.base/sun.nio.ch',
  'java.base/java.time',
].map(module => `--add-opens=${module}=ALL-UNNAMED`)

/** Flink's jars, fetched once. @throws JarError */
export function flinkJars(onFetch?: (missing: number) => void): Promise<string[]> {
  return fetchJars(LOCK_FILE, { ...(onFetch && { onFetch }) })
}

/**
 * The class path of the job: Flink's jars, fetched once, and our classes, compiled once for each state of their sources by
 * the compiler of the JDK; Maven is for those who work on them.
 *
 * @throws JavaMissingError, JarError, JvmFailedError (a Java without a compiler is one)
 */
export async function jobClassPath(onFetch?: (missing: number) => void): Promise<string[]> {
  const jars = await flinkJars(onFetch)
  return [await compiledClasses(jars), RESOURCES, ...jars]
}

async function compiledClasses(jars: readonly string[]): Promise<string> {
  const sources = (await readdir(SOURCES, { recursive: true }))
    .filter(name => name.endsWith('.java'))
    .sort()
    .map(name => path.join(SOURCES, name))
  const hash = createHash('sha256').update(await readFile(LOCK_FILE))
  for (const source of sources) hash.update(source.slice(SOURCES.length)).update(await readFile(source))
  const classes = path.join(readJvmSettings().jarsDir, 'compiled', hash.digest('hex').slice(0, 24))
  if (existsSync(classes)) return classes
  // Whole or not at all, whoever else compiles it.
  const part = `${classes}.${process.pid}.part`
  await mkdir(part, { recursive: true })
  await runJvm({
    name: 'the Java compiler',
    classPath: jars,
    mainClass: 'com.sun.tools.javac.Main',
    flags: ['-Xmx256m', '-XX:TieredStopAtLevel=1'],
    args: [
      '-proc:none',
      '-nowarn',
      '--release',
      '17',
      '-encoding',
      'UTF-8',
      '-cp',
      jars.join(path.delimiter),
      '-d',
      part,
      ...sources,
    ],
    logFile: `${part}.log`,
  })
  await rm(`${part}.log`, { force: true })
  await rename(part, classes).catch(async error => {
    await rm(part, { recursive: true, force: true })
    if (!existsSync(classes)) throw error
  })
  return classes
}
