import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = join(import.meta.dirname, '..', '..', 'scripts', 'find-runtime.mjs')
let root = ''
let modules = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'strangler-runtime-'))
  modules = join(root, 'node_modules')
  await mkdir(join(modules, '.bin'), { recursive: true })
  await mkdir(join(modules, 'node'))
  await writeFile(join(modules, 'node', 'package.json'), '{"version": "24.0.0"}')
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Asks as a Node of this version would. */
async function findRuntime(ownVersion: string): Promise<{ path?: string; message?: string; fix?: string }> {
  const call = `import(process.argv[1]).then((m) => console.log(JSON.stringify(m.findRuntime(process.argv[2], process.argv[3]))))`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', call, program, root, ownVersion])
  return JSON.parse(stdout)
}

const writeInstallScript = (text: string) =>
  writeFile(join(modules, 'node', 'installArchSpecificPackage.js'), text)

test('the Node that npm brought comes first', async () => {
  await symlink(process.execPath, join(modules, '.bin', 'node'))
  expect(await findRuntime('24.9.9')).toEqual({ path: join(modules, '.bin', 'node') })
})

test('a binary that is there but not linked is found', async () => {
  const folder = join(modules, `node-${process.platform}-${process.arch}`, 'bin')
  await mkdir(folder, { recursive: true })
  await symlink(process.execPath, join(folder, 'node'))
  expect(await findRuntime('20.0.0')).toEqual({ path: join(folder, 'node') })
})

test('a link to nothing and a Node that is too old are passed over', async () => {
  await symlink(join(root, 'nowhere'), join(modules, '.bin', 'node'))
  await mkdir(join(modules, 'node', 'bin'))
  await writeFile(join(modules, 'node', 'bin', 'node'), '#!/bin/sh\necho v20.1.0\n', { mode: 0o755 })
  expect(await findRuntime('22.18.0')).toEqual({ path: process.execPath })
})

test('when npm ran no install scripts, the binary is fetched here and linked', async () => {
  const binary = JSON.stringify(process.execPath)
  await writeInstallScript(
    `const fs = require('fs'); fs.mkdirSync('bin'); fs.symlinkSync(${binary}, 'bin/node')`,
  )
  expect(await findRuntime('20.0.0')).toEqual({ path: join(modules, 'node', 'bin', 'node') })
  // `npx` looks into .bin, where npm made no link because there was nothing to link to.
  expect(await findRuntime('20.0.0')).toEqual({ path: join(modules, '.bin', 'node') })
})

test.each(['20.0.0', '22.17.1', '23.5.0'])(
  'when it cannot be fetched either, Node %s is told what to do and what was tried',
  async (version) => {
    await writeInstallScript(`console.error('no network'); process.exit(1)`)
    const { path, message, fix } = await findRuntime(version)
    expect(path).toBeUndefined()
    expect(message).toContain(`This is Node ${version}, which cannot run TypeScript`)
    expect(message).toContain('no network')
    expect(fix).toContain('npm ci')
  },
)
