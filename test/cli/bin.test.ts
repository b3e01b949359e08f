import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageInfo from '../../package.json' with { type: 'json' }
import { runStrangler } from './run-strangler.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const oldNode = findOldNode()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-bin-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the command strangler', () => {
  it('runs through npx in the folder of the project, without the network', () => {
    const { status, stdout } = spawnSync('npx', ['strangler', '--version'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, npm_config_cache: folder, npm_config_offline: 'true' },
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${packageInfo.version}\n` })
  })

  it.skipIf(oldNode === undefined)(
    'is started by the npx of an older Node without a warning: a clone brings the Node that it runs on',
    () => {
      const { status, stdout, stderr } = spawnSync(
        oldNode!,
        [join(dirname(realpathSync(join(dirname(oldNode!), 'npx'))), 'npx-cli.js'), 'strangler', '--version'],
        {
          cwd: root,
          encoding: 'utf8',
          env: {
            PATH: dirname(oldNode!),
            HOME: folder,
            npm_config_cache: folder,
            npm_config_offline: 'true',
          },
        },
      )
      expect({ status, stdout }).toEqual({ status: 0, stdout: `${packageInfo.version}\n` })
      expect(stderr).not.toMatch(/warn/)
    },
  )

  it.skipIf(oldNode === undefined)(
    'hands over to the project’s Node when it is run by an older one',
    async () => {
      const result = await runStrangler(['route', 'nonsense'], { node: oldNode!, cwd: folder })
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command 'nonsense'") })
    },
  )

  it.skipIf(oldNode === undefined)('says what to do where there is only an older Node', async () => {
    const bin = join(folder, 'bin.mjs')
    await copyFile(join(root, 'strangler', 'bin.mjs'), bin)
    const { status, stderr } = spawnSync(oldNode!, [bin, 'route', 'list'], { cwd: folder, encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^This is Node \d+\..*`npm install --save-dev node@24`/)
  })
})

/** A Node of this machine, outside the project, that cannot run TypeScript. */
function findOldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => !path.includes('node_modules'))
  return folders
    .map((path) => join(path, 'node'))
    .find((path) => existsSync(path) && isOld(execFileSync(path, ['--version'], { encoding: 'utf8' })))
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.trim().slice(1).split('.').map(Number)
  return major < 22 || (major === 22 && minor < 18)
}
