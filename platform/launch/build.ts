import { ensurePagesBuilt } from './build-pages.ts'

const usage = `Usage: npm run build

Builds the dashboard's pages into .next, unless they are built from these very sources. "npm run demo" and
"npm start -- web" do so themselves; an image does it once, while it is made.
`

if (process.argv.slice(2).some(argument => ['--help', '-h'].includes(argument))) process.stdout.write(usage)
else {
  try {
    process.stdout.write(
      (await ensurePagesBuilt()) ? 'The pages are built.\n' : 'The pages are up to date.\n',
    )
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
