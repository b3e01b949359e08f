/** One step of a path: the name of a member, or an entry of a list, whichever it is. */
export type PathStep = { readonly name: string } | 'entry'

type GlobStep = PathStep | 'any-name' | 'any-depth'

/** A compiled path glob: `$.items[].price`, `**.updatedAt`, `$["odd name"].*`. */
export interface PathGlob {
  readonly text: string
  readonly steps: readonly GlobStep[]
}

const STEP = /\.?\*\*|\.\*(?![\w*])|\[\]|\["((?:[^"\\]|\\.)*)"\]|\.([^.[\]"*]+)/y

/**
 * Reads a path glob.
 * @returns undefined when the text is none
 */
export function parsePathGlob(text: string): PathGlob | undefined {
  const start = text.startsWith('$') ? 1 : 0
  if (start === 0 && !text.startsWith('**')) return undefined
  const steps: GlobStep[] = []
  STEP.lastIndex = start
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text)
    if (found === null) return undefined
    steps.push(readStep(found))
  }
  return { text, steps }
}

function readStep([text, quoted, plain]: RegExpExecArray): GlobStep {
  if (text.endsWith('**')) return 'any-depth'
  if (text === '.*') return 'any-name'
  if (text === '[]') return 'entry'
  return { name: quoted === undefined ? (plain ?? '') : (JSON.parse(`"${quoted}"`) as string) }
}

/** Where a glob stands after some steps of a path: `at` of its own steps are behind it. */
export interface GlobPosition {
  readonly glob: PathGlob
  readonly at: number
}

/** Every position that is reached without another step of the path: `**` may stand for none. */
export function startGlob(glob: PathGlob, at = 0): GlobPosition[] {
  const here = { glob, at }
  return glob.steps[at] === 'any-depth' ? [here, ...startGlob(glob, at + 1)] : [here]
}

export function advanceGlob({ glob, at }: GlobPosition, step: PathStep): GlobPosition[] {
  const wanted = glob.steps[at]
  if (wanted === undefined) return []
  // `**` takes the step and stays; where it goes on from was added when it was reached.
  if (wanted === 'any-depth') return [{ glob, at }, ...startGlob(glob, at + 1)]
  return fits(wanted, step) ? startGlob(glob, at + 1) : []
}

function fits(wanted: PathStep | 'any-name', step: PathStep): boolean {
  if (wanted === 'entry' || step === 'entry') return wanted === step
  return wanted === 'any-name' || wanted.name === step.name
}

export function isWholeMatch({ glob, at }: GlobPosition): boolean {
  return at === glob.steps.length
}

/** Whether a path as a difference names it fits a glob. `header:…` and `status` fit by their letters, `*` stands for any. */
export function matchesGlob(globText: string, path: string): boolean {
  const glob = parsePathGlob(globText)
  const steps = parsePathGlob(path)?.steps
  if (glob === undefined || steps === undefined) return matchesName(globText, path)
  let positions = startGlob(glob)
  for (const step of steps) {
    const plain: PathStep = step === 'any-name' || step === 'any-depth' ? { name: '*' } : step
    positions = dedupe(positions.flatMap((position) => advanceGlob(position, plain)))
  }
  return positions.some(isWholeMatch)
}

/** Several ways to one position are one: two `**` would otherwise double them at every step. */
export function dedupe(positions: readonly GlobPosition[]): GlobPosition[] {
  return positions.filter(
    (position, index) =>
      positions.findIndex((other) => other.glob === position.glob && other.at === position.at) === index,
  )
}

function matchesName(glob: string, path: string): boolean {
  const parts = glob.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(path)
}
