import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Area, areas, liesIn } from './import-rules.ts'

/** One import of a module of the project. Paths are from the project's folder. */
export type ModuleImport = Readonly<{ file: string; line: number; target: string }>

export type Violation = ModuleImport & Readonly<{ reason: string }>

const sourceFolders = ['app', 'server', 'jobs', 'seed', 'db', 'domain', 'bench', 'e2e']

/** Every import that goes against the rules, over all sources below `root`. */
export async function checkImportDirections(root: string): Promise<Violation[]> {
  const imports: ModuleImport[] = []
  for (const folder of sourceFolders) {
    for (const file of await listSources(root, folder)) {
      imports.push(...importsOf(file, await readFile(path.join(root, file), 'utf8')))
    }
  }
  return findViolations(imports)
}

/** A violation as a person reads it. */
export function describeViolation({ file, line, target, reason }: Violation): string {
  return `${file}:${line} imports ${target}: ${reason}`
}

export function findViolations(
  imports: readonly ModuleImport[],
  rules: readonly Area[] = areas,
): Violation[] {
  return imports.flatMap(one => {
    const reason = whyForbidden(one, rules)
    return reason === undefined ? [] : [{ ...one, reason }]
  })
}

/**
 * The imports of a module that lead to modules of the project, relative and `#…` alike, types included.
 *
 * @param file its path from the project's folder
 */
export function importsOf(file: string, source: string): ModuleImport[] {
  const code = blankComments(source)
  return [...code.matchAll(importPattern)].flatMap(match => {
    const target = resolveTarget(file, match[1] ?? match[2] ?? match[3] ?? '')
    if (target === undefined) return []
    return [{ file, line: code.slice(0, match.index + match[0].length).split('\n').length, target }]
  })
}

/** `import … from 'x'` and `export … from 'x'`, `import 'x'`, `import('x')`. */
const importPattern =
  /\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*['"]([^'"\n]+)['"]|\bimport\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g

function whyForbidden({ file, target }: ModuleImport, rules: readonly Area[]): string | undefined {
  const area = areaOf(file, rules)
  if (area === undefined)
    return 'no rule says what this folder may import; add it to platform/launch/import-rules.ts'
  const other = areaOf(target, rules)
  const allowed = isTest(file) ? [...new Set([...area.allowed, ...allowedInTests])] : area.allowed
  if (other === area || liesIn(target, allowed)) return undefined
  return `${area.name} may import only from ${allowed.length === 0 ? 'itself' : allowed.join(', ')}, not from ${other?.name ?? target}`
}

function areaOf(file: string, rules: readonly Area[]): Area | undefined {
  return rules.find(({ places }) => liesIn(file, places))
}

/** A test may use the test database, the worked examples, and a log to feed what it tests. */
const allowedInTests = ['db/', 'domain/', 'server/log/']

function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file)
}

/** @returns undefined for packages and for Node's own modules */
function resolveTarget(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) {
    const [folder, ...rest] = specifier.slice(1).split('/')
    return path.posix.join(folder ?? '', ...rest)
  }
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : undefined
}

/**
 * Comments and templates (which may hold code as text) become blanks, other strings stay. Line breaks are
 * kept, so that line numbers stay true.
 */
function blankComments(source: string): string {
  return source.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    found => (/^['"]/.test(found) ? found : found.replace(/[^\n]/g, ' ')),
  )
}

async function listSources(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  return entries
    .filter(entry => entry.isFile() && /\.(ts|tsx|mjs|js)$/.test(entry.name))
    .map(entry => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter(file => !file.includes('node_modules/'))
    .toSorted()
}
