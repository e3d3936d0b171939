import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Mapping, MappingError, parseMapping } from './mapping.ts'

const BUILT_IN = new URL('mappings/', import.meta.url)

/** Names of the mappings that come with Tillstream. */
export async function builtInMappings(): Promise<string[]> {
  return (await readdir(BUILT_IN))
    .filter(file => file.endsWith('.json'))
    .map(file => path.basename(file, '.json'))
}

/**
 * A built-in mapping by its name, else the mapping file at that path.
 * @param from folder in which relative paths start
 * @throws MappingError
 */
export async function findMapping(nameOrFile: string, from: string): Promise<Mapping> {
  if ((await builtInMappings()).includes(nameOrFile)) {
    return readMapping(new URL(`${nameOrFile}.json`, BUILT_IN), `mapping ${nameOrFile}`)
  }
  const file = path.resolve(from, nameOrFile)
  return readMapping(file, file)
}

async function readMapping(file: string | URL, origin: string): Promise<Mapping> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new MappingError(
      `There is no mapping ${origin}. Built in: ${(await builtInMappings()).join(', ')}. Or name a mapping file (docs/mappings.md).`,
      { cause },
    )
  }
  return parseMapping(text, origin)
}
