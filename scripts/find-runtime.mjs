// Part of run.mjs: finds the Node that the project runs on. It comes from npm as the package `node`, whose install script
// fetches the binary for this platform; npm may have been told to run no scripts, and then we run that one here.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The first version that strips types without a flag. */
const OLDEST = [22, 18]

/** `{ path }` of a Node that runs TypeScript, or `{ message, fix }`. */
export function findRuntime(root, ownVersion = process.versions.node) {
  const found = findInstalled(root)
  if (found !== undefined) return { path: found }
  // The machine's own Node will do if it is new enough, without the network.
  if (isNewEnough(ownVersion)) return { path: process.execPath }
  const output = fetchBinary(root)
  const fetched = findInstalled(root)
  if (fetched !== undefined) {
    linkForNpm(root, fetched)
    return { path: fetched }
  }
  return {
    message: `This is Node ${ownVersion}, which cannot run TypeScript, and the Node that npm should have brought for ${process.platform}-${process.arch} is not in node_modules/node.\n${output}`,
    fix: 'Run `npm ci` to install it again, or use Node 24 from https://nodejs.org.',
  }
}

function findInstalled(root) {
  const modules = join(root, 'node_modules')
  const platform = `node-${process.platform}-${process.arch}`
  const candidates = [
    join(modules, '.bin', 'node'),
    join(modules, 'node', 'bin', 'node'),
    join(modules, 'node', 'node_modules', platform, 'bin', 'node'),
    join(modules, platform, 'bin', 'node'),
  ]
  return candidates.find((path) => existsSync(path) && isNewEnough(readVersion(path)))
}

function readVersion(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return (stdout ?? '').trim().replace(/^v/, '')
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  // 23.0 to 23.5 are newer than 22.18 by number and older by date: they still want a flag.
  if (major === 23) return minor >= 6
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** npm links a program only if it was there when npm ran; with the link, `npx strangler` runs on this Node as well. */
function linkForNpm(root, binary) {
  const link = join(root, 'node_modules', '.bin', 'node')
  try {
    rmSync(link, { force: true })
    symlinkSync(relative(dirname(link), binary), link)
  } catch (error) {
    process.stderr.write(
      `${link} could not be made (${error.code}): \`npx strangler\` needs Node 24 on the PATH.\n`,
    )
  }
}

/** Does what the package's install script does, and returns what was printed. */
function fetchBinary(root) {
  const folder = join(root, 'node_modules', 'node')
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) return 'The package `node` itself is not installed.'
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  process.stderr.write(`npm ran no install script for Node ${version}; fetching it now.\n`)
  const script = join(folder, 'installArchSpecificPackage.js')
  const { stdout, stderr, error } = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' })
  return error === undefined ? `${stdout}${stderr}`.trim() : String(error)
}
