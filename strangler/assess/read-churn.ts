import type { ChurnFacts } from './facts.ts'
import { wordsOf } from './words-of.ts'

/** What `git log` is asked for, so that its text can be read below. */
export const LOG_FORMAT = ['--no-merges', '--no-renames', '--numstat', '--format=%x01%H'] as const

/** A commit that touches more files than this says nothing of two of them. */
const MOST_FILES = 30
const SHARED_COMMITS = 5
const SHARED_PERCENT = 30
const MOST_PAIRS = 20

interface Commit {
  readonly files: readonly { readonly path: string; readonly lines: number }[]
}

/**
 * How often the code of each capability changes, and what changes together with it across its border. A file is a capability's when a
 * part of its path has the capability's name.
 * @param log the text of `git log` with `LOG_FORMAT`
 */
export function readChurn(log: string, capabilities: readonly string[]): Map<string, ChurnFacts> {
  const commits = parseLog(log)
  const ownerOf = createOwners(capabilities)
  const revisions = new Map<string, number>()
  const shared = new Map<string, number>()
  for (const { files } of commits) {
    for (const { path } of files) revisions.set(path, (revisions.get(path) ?? 0) + 1)
    if (files.length > MOST_FILES) continue
    for (const one of files)
      for (const other of files)
        if (one.path < other.path && ownerOf(one.path) !== ownerOf(other.path)) {
          const key = `${one.path}\n${other.path}`
          shared.set(key, (shared.get(key) ?? 0) + 1)
        }
  }
  const pairs = findCoupled(shared, revisions)
  return new Map(
    capabilities.map((capability) => {
      const isOwn = (path: string) => ownerOf(path) === capability
      const own = commits.flatMap(({ files }) => files.filter(({ path }) => isOwn(path)))
      return [
        capability,
        {
          commits: commits.filter(({ files }) => files.some(({ path }) => isOwn(path))).length,
          lines: own.reduce((sum, { lines }) => sum + lines, 0),
          files: new Set(own.map(({ path }) => path)).size,
          coupled: pairs.flatMap(({ one, other, percent }) => {
            if (isOwn(one)) return [{ file: one, other, percent }]
            return isOwn(other) ? [{ file: other, other: one, percent }] : []
          }),
        },
      ]
    }),
  )
}

function parseLog(log: string): Commit[] {
  return log
    .split('\u0001')
    .slice(1)
    .map((text) => ({
      files: text
        .split('\n')
        .slice(1)
        .flatMap((line) => {
          // Of a binary file both numbers are `-`.
          const [, added, removed, path] = /^(\d+|-)\t(\d+|-)\t(.+)$/.exec(line) ?? []
          if (path === undefined) return []
          return [{ path, lines: (Number(added) || 0) + (Number(removed) || 0) }]
        }),
    }))
}

/** The first capability whose name is a word of the path; each path is looked at once. */
function createOwners(capabilities: readonly string[]): (path: string) => string | undefined {
  const names = capabilities.map((name) => ({ name, wanted: wordsOf(name) }))
  const known = new Map<string, string | undefined>()
  return (path) => {
    if (known.has(path)) return known.get(path)
    const words = wordsOf(path)
    const owner = names.find(({ wanted }) => wanted.every((word) => words.includes(word)))?.name
    known.set(path, owner)
    return owner
  }
}

function findCoupled(shared: ReadonlyMap<string, number>, revisions: ReadonlyMap<string, number>) {
  return [...shared]
    .flatMap(([key, count]) => {
      const [one = '', other = ''] = key.split('\n')
      const average = ((revisions.get(one) ?? 0) + (revisions.get(other) ?? 0)) / 2
      const percent = Math.round((count / average) * 100)
      return count >= SHARED_COMMITS && percent >= SHARED_PERCENT ? [{ one, other, percent }] : []
    })
    .sort((a, b) => b.percent - a.percent)
    .slice(0, MOST_PAIRS)
}
