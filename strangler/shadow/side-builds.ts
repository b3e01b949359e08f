import { performance } from 'node:perf_hooks'
import type { Config } from '../config/schema.ts'
import type { CapturedAnswer, CapturedRequest } from '../core/compare-words.ts'
import type { Asked } from './ask-side.ts'

/** Which build of a side has answered. */
export interface SideBuilds {
  /** From the answer's own header, else from the side's version path, else as an operator has said. */
  buildOf(side: string, answer: CapturedAnswer): string
}

export interface SideBuildsOptions {
  readonly config: Config
  /** What an operator has said: `strangler deploy service inventory v12`. */
  readonly deployed: (side: string) => string | undefined
  readonly ask: (side: string, request: CapturedRequest) => Promise<Asked>
}

const UNKNOWN = 'unknown'
/** How long an answer of the version path is believed. */
const ASK_EVERY_MS = 10_000

export function createSideBuilds({ config, deployed, ask }: SideBuildsOptions): SideBuilds {
  const asked = new Map<string, { build: string | undefined; at: number }>()

  function fromPath(side: string, path: string): string | undefined {
    const known = asked.get(side)
    if (known !== undefined && performance.now() - known.at < ASK_EVERY_MS) return known.build
    asked.set(side, { build: known?.build, at: performance.now() })
    const host = new URL(config.sides[side]?.url ?? 'http://side').host
    void ask(side, { method: 'GET', target: path, headers: ['host', host], body: undefined }).then(
      (found) => {
        if (found.kind === 'answered' && found.answer.status === 200)
          asked.set(side, { build: readVersion(found.answer.body), at: performance.now() })
      },
    )
    return known?.build
  }

  return {
    buildOf(side, answer) {
      const how = config.sides[side]?.build
      const header = how?.header ?? 'x-build'
      const at = answer.headers.findIndex((part, index) => index % 2 === 0 && part.toLowerCase() === header)
      const named = at < 0 ? undefined : clean(answer.headers[at + 1] ?? '')
      if (named !== undefined) return named
      const told = how?.path === undefined ? undefined : fromPath(side, how.path)
      return told ?? deployed(side) ?? UNKNOWN
    },
  }
}

/** `{ "build": "v12" }`, `{ "version": … }`, or the text itself. */
function readVersion(body: Uint8Array): string | undefined {
  const text = Buffer.from(body.subarray(0, 4_096)).toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return clean(String(value))
    const { build, version } = value as { build?: unknown; version?: unknown }
    return clean(String(build ?? version ?? ''))
  } catch {
    // Plain text is as good.
    return clean(text)
  }
}

/** A build's name is shown and keyed by: one short line, whatever a side sends. */
function clean(text: string): string | undefined {
  const line = text
    .trim()
    .replaceAll(/[^\w.+:@/-]/g, '-')
    .slice(0, 100)
  return line === '' ? undefined : line
}
