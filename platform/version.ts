import { readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from './environment.ts'

/** Version of this program, from package.json. */
export const APP_VERSION: string = JSON.parse(
  readFileSync(path.join(projectRoot, 'package.json'), 'utf8'),
).version
