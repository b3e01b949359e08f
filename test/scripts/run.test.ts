import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { collect, type FakeProject, INSTALL, makeFakeProject } from './fake-project.ts'

let project: FakeProject

beforeEach(async () => {
  project = await makeFakeProject()
})
afterEach(() => project.remove())

test('a fresh clone is installed, with the development packages whatever NODE_ENV says, and the script runs', async () => {
  const { code, output } = await project.run('main.ts', 'one', 'two')
  expect(output).toContain('Installing packages (they are not installed yet)')
  expect(output).toContain('the script ran one two')
  expect(code).toBe(0)
  const [call, ...others] = await project.npmCalls()
  expect(call).toMatch(/^ci --include=dev --include=optional /)
  expect(others).toEqual([])
})

test('the exit code of the script is ours, and node_modules/.bin comes first on its PATH', async () => {
  await project.writeScript('console.log(process.env.PATH); process.exit(7)')
  const { code, output } = await project.run('main.ts')
  expect(code).toBe(7)
  expect(output).toContain(`\n${join(project.root, 'node_modules', '.bin')}:`)
})

test('nothing is installed a second time, also when a checkout made the lock file newer', async () => {
  await project.run('main.ts')
  await utimes(join(project.root, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000))
  await project.run('main.ts')
  expect(await project.npmCalls()).toHaveLength(1)
})

test('a lock file with another version installs again, and says which package', async () => {
  await project.run('main.ts')
  await project.lock('2.0.0')
  const { output } = await project.run('main.ts')
  expect(output).toContain('thing should be 2.0.0')
  expect(await project.npmCalls()).toHaveLength(2)
})

test('what somebody installed by hand counts when it is what the lock file says', async () => {
  await project.run('main.ts')
  await rm(join(project.root, 'node_modules', '.strangler-install'))
  await rm(join(project.root, 'calls'))
  await writeFile(
    join(project.root, 'node_modules', '.package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/thing': { version: '1.0.0' } } }),
  )
  await project.run('main.ts')
  expect(await project.npmCalls()).toEqual([])
})

test('an install that was cut short is done again', async () => {
  await mkdir(join(project.root, 'node_modules'))
  await writeFile(join(project.root, 'node_modules', '.package-lock.json'), '{"packages": {"node_mod')
  expect((await project.run('main.ts')).output).toContain('the script ran')
  expect(await project.npmCalls()).toHaveLength(1)
})

test('of several first runs at once one installs, and the others wait for it', async () => {
  await project.setNpm('sleep 1', ...INSTALL)
  const runs = await Promise.all([1, 2, 3].map(() => project.run('main.ts')))
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(runs.filter(({ output }) => /Process \d+ is installing/.test(output))).toHaveLength(2)
  expect(await project.npmCalls()).toHaveLength(1)
  expect((await readdir(project.root)).filter((name) => name.includes('lock'))).toEqual(['package-lock.json'])
})

test('what a killed process left is taken over, also when its number belongs to another one now', async () => {
  const path = join(project.root, '.strangler-install.lock')
  await writeFile(path, JSON.stringify({ pid: process.pid, startMark: 'another time' }))
  expect(await project.run('main.ts')).toMatchObject({ code: 0 })
  expect(await project.npmCalls()).toHaveLength(1)
})

test('a package that is gone from node_modules is installed again', async () => {
  await project.run('main.ts')
  await rm(join(project.root, 'node_modules', 'thing'), { recursive: true })
  expect((await project.run('main.ts')).output).toContain('thing is not there')
  expect(await project.npmCalls()).toHaveLength(2)
})

test('an npm that ends well without having installed everything is not believed', async () => {
  await project.setNpm(...INSTALL, 'rm -r "$ROOT/node_modules/thing"')
  const { code, output } = await project.run('main.ts')
  expect(code).toBe(1)
  expect(output).toContain('ended well, and yet thing is not there')
  await project.setNpm(...INSTALL)
  expect((await project.run('main.ts')).code).toBe(0)
})

test('an install that fails shows what npm said and what to do, and the script does not run', async () => {
  await project.setNpm('echo "npm error network is down" >&2', 'exit 3')
  const { code, output } = await project.run('main.ts')
  expect(code).toBe(1)
  expect(output).toMatch(
    /npm error network is down[\s\S]*`npm ci` in .* ended with code 3; .*run the same command/,
  )
  expect(output).not.toContain('the script ran')
  await project.setNpm(...INSTALL)
  expect((await project.run('main.ts')).code).toBe(0)
})

test('a machine without npm is told so', async () => {
  await rm(join(project.root, 'machine', 'npm'))
  // The folders of the machine that runs this test may hold an npm, so the PATH is only ours.
  const child = await promisify(execFile)(
    process.execPath,
    [join(project.root, 'scripts', 'run.mjs'), 'main.ts'],
    { env: { PATH: join(project.root, 'machine') } },
  ).catch((error: { code: number; stderr: string }) => error)
  expect(child).toMatchObject({ code: 1 })
  expect(child.stderr).toContain('spawn npm ENOENT')
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a %s that is sent to run.mjs alone reaches the script once, and its exit code comes back',
  async (signal) => {
    await project.writeScript(`
      let count = 0
      process.on('${signal}', () => { count += 1; setTimeout(() => process.exit(40 + count), 300) })
      setInterval(() => {}, 1000)
      console.log('ready')`)
    const child = project.start('main.ts')
    const ended = collect(child)
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: string) => {
        if (chunk.includes('ready')) resolve()
      })
    })
    child.kill(signal)
    expect((await ended).code).toBe(41)
  },
)

test('when npm is killed outright, the script is stopped, and with it everything it started', async () => {
  await project.writeScript(`
    process.on('SIGTERM', () => { console.log('stopped in order'); process.exit(0) })
    setInterval(() => {}, 1000)
    console.log('ready')`)
  const npm = project.startThroughNpm('main.ts')
  const ended = collect(npm)
  npm.stdout?.on('data', (chunk: string) => {
    if (chunk.includes('ready')) npm.kill('SIGKILL')
  })
  expect((await ended).output).toContain('stopped in order')
})

test('npm reaches the script with its signals: no shell stands between them', async () => {
  const { scripts } = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
  ) as { scripts: Record<string, string> }
  const started = Object.values(scripts).filter((line) => line.includes('run.mjs'))
  expect(started.length).toBeGreaterThan(3)
  // npm signals the shell that it started; a shell without `exec` dies of it and leaves node running.
  for (const line of started) expect(line).toMatch(/^exec node scripts\/run\.mjs /)
})

test('without a script that is named, the answer is what to type', async () => {
  expect(await project.run()).toMatchObject({ code: 1, output: expect.stringContaining('npm run demo') })
})
