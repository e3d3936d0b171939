import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const attachment = z.object({ name: z.string(), path: z.string().optional(), body: z.string().optional() })
const spec = z.object({
  file: z.string(),
  title: z.string(),
  ok: z.boolean(),
  tests: z.array(
    z.object({ results: z.array(z.object({ attachments: z.array(attachment).default([]) })).default([]) }),
  ),
})
type Suite = { specs: z.infer<typeof spec>[]; suites: Suite[] }
const suite: z.ZodType<Suite> = z.lazy(() =>
  z.object({ specs: z.array(spec).default([]), suites: z.array(suite).default([]) }),
)

/** Of the page as it was, and of each process what it said last: enough to see what kept a figure away. */
const PAGE_LINES = 45
const OUTPUT_LINES = 12
const LINE_CHARACTERS = 240

/**
 * What pages and processes said when browser tests failed, which Playwright keeps in files: of a build that ran
 * elsewhere nobody has them, only what it printed.
 * @param report Playwright's JSON report
 * @returns a text a failed test, with its file and title; without what cannot be read
 */
export async function browserFailures(report: unknown): Promise<string[]> {
  const parsed = suite.safeParse(report)
  if (!parsed.success) return []
  return Promise.all(
    specsOf(parsed.data)
      .filter(({ ok }) => !ok)
      .map(async ({ file, title, tests }) => {
        const attachments = tests.flatMap(test => test.results).flatMap(result => result.attachments)
        const of = (name: string) => textOf(attachments.find(found => found.name === name))
        return [
          `${file} › ${title}`,
          ...indented('the page', pageIn(await of('error-context'))),
          ...indented(
            'its processes',
            (await of('output of the processes')).split('\n').slice(-OUTPUT_LINES),
          ),
        ].join('\n')
      }),
  )
}

function specsOf({ specs, suites }: Suite): Suite['specs'] {
  return [...specs, ...suites.flatMap(specsOf)]
}

async function textOf(found: z.infer<typeof attachment> | undefined): Promise<string> {
  if (found?.body !== undefined) return Buffer.from(found.body, 'base64').toString()
  return found?.path ? readFile(found.path, 'utf8').catch(() => '') : ''
}

/** The page's main part in what Playwright writes of a failure: its outline is the first block of YAML there. */
function pageIn(context: string): string[] {
  const outline = /```yaml\n([\s\S]*?)\n```/.exec(context)?.[1]?.split('\n') ?? []
  return outline.slice(Math.max(0, outline.indexOf('- main:'))).slice(0, PAGE_LINES)
}

function indented(title: string, lines: readonly string[]): string[] {
  const said = lines.filter(line => line.trim() !== '').map(line => `    ${line.slice(0, LINE_CHARACTERS)}`)
  return said.length > 0 ? [`  ${title}:`, ...said] : []
}
