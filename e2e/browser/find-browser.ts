import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'

/** Where package managers and installers put Chromium and Chrome. */
const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

interface Browser {
  /** Undefined: Playwright's own, which `npx playwright install chromium` brings. */
  executablePath: string | undefined
  /** Variables it needs beside those of this process. */
  env: Record<string, string>
}

/** A Chromium without downloading one: an installed one, else the one inside an npm package (Linux on x64). */
export async function findBrowser(): Promise<Browser> {
  const installed = INSTALLED.find(path => existsSync(path))
  if (installed) return { executablePath: installed, env: {} }
  if (process.platform === 'linux' && process.arch === 'x64') return ensureBundledBrowser()
  return { executablePath: undefined, env: {} }
}

const require = createRequire(import.meta.url)

/**
 * Unpacks the Chromium of @sparticuz/chromium with the libraries and a font of its own, so that it runs on
 * a host that has none. The package's own unpacking leaves half a browser behind when it is interrupted
 * and finds the libraries only inside AWS; this one moves the folder into place when it is whole.
 */
async function ensureBundledBrowser(): Promise<{
  executablePath: string
  env: Record<string, string>
}> {
  const packageRoot = path.join(path.dirname(require.resolve('@sparticuz/chromium')), '..', '..')
  const { version } = JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8'))
  const home = path.join(os.tmpdir(), `tillstream-chromium-${version}-${os.userInfo().uid}`)
  if (!existsSync(home)) await unpack(path.join(packageRoot, 'bin'), home)
  return {
    executablePath: path.join(home, 'chromium'),
    env: { LD_LIBRARY_PATH: path.join(home, 'lib'), FONTCONFIG_FILE: path.join(home, 'fonts.conf') },
  }
}

async function unpack(bin: string, home: string): Promise<void> {
  const draft = await mkdtemp(`${home}-`)
  await mkdir(path.join(draft, 'cache'))
  await Promise.all([
    inflate(path.join(bin, 'chromium.br'), path.join(draft, 'chromium')),
    untar(path.join(bin, 'al2023.tar.br'), draft),
    untar(path.join(bin, 'fonts.tar.br'), draft),
    untar(path.join(bin, 'swiftshader.tar.br'), draft),
  ])
  await writeFile(path.join(draft, 'fonts.conf'), fontsConfig(home))
  await chmod(path.join(draft, 'chromium'), 0o755)
  try {
    await rename(draft, home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another run was quicker: its browser is as good.
    if (!existsSync(home)) throw error
  }
}

async function inflate(source: string, target: string): Promise<void> {
  await pipeline(createReadStream(source), createBrotliDecompress(), createWriteStream(target))
}

async function untar(source: string, directory: string): Promise<void> {
  const archive = path.join(directory, path.basename(source, '.br'))
  await inflate(source, archive)
  const tar = spawn('tar', ['-xf', archive, '-C', directory], { stdio: ['ignore', 'ignore', 'inherit'] })
  await once(tar, 'close')
  if (tar.exitCode !== 0) throw new Error(`tar could not unpack ${source} (exit code ${tar.exitCode})`)
  await rm(archive)
}

function fontsConfig(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${path.join(home, 'fonts')}</dir>
  <cachedir>${path.join(home, 'cache')}</cachedir>
</fontconfig>
`
}
