import { median, round } from '../statistics.ts'
import type { BodyPair } from './make-bodies.ts'
import type { CompareBenchOptions } from './options.ts'
import { makeSubjects, type Subject, type SubjectName } from './subjects.ts'

/** What one pair of bodies has shown. Ratios are medians of those of the single rounds: like against like. */
export interface PairFigures {
  readonly bytes: number
  /** Microseconds of one run; the kit and the peers with their parsing. */
  readonly micros: Readonly<Record<SubjectName, number>>
  /** What comparing costs besides reading both answers (UTF-8 to text, and `JSON.parse`), by what reading both costs. */
  readonly diffVsParse: number
  /** The same next to `JSON.parse` of texts that are decoded already: decoding counts as comparing then. */
  readonly diffVsParseOfText: number
  /** How many times longer they take than the kit, parsing included. */
  readonly vsJsondiffpatch: number
  readonly vsMicrodiff: number
}

/**
 * Times all subjects on one pair in turns.
 * @throws Error when one of them does not find what differs
 */
export function measurePair(pair: BodyPair, options: CompareBenchOptions): PairFigures {
  const subjects = makeSubjects(pair)
  for (const subject of subjects) checkSubject(subject, pair)
  const rounds = Array.from({ length: options.rounds }, (_, index) => runRound(subjects, index, options))
  const over = (figure: (round: Round) => number) => round(median(rounds.map(figure)))
  return {
    bytes: Buffer.byteLength(pair.primary),
    micros: {
      parse: over(({ parse }) => parse),
      parseText: over(({ parseText }) => parseText),
      kit: over(({ kit }) => kit),
      jsondiffpatch: over(({ jsondiffpatch }) => jsondiffpatch),
      microdiff: over(({ microdiff }) => microdiff),
    },
    diffVsParse: over(({ kit, parse }) => (kit - parse) / parse),
    diffVsParseOfText: over(({ kit, parseText }) => (kit - parseText) / parseText),
    vsJsondiffpatch: over(({ jsondiffpatch, kit }) => jsondiffpatch / kit),
    vsMicrodiff: over(({ microdiff, kit }) => microdiff / kit),
  }
}

function checkSubject({ name, run }: Subject, { differing, name: pair }: BodyPair): void {
  const expected = name === 'parse' || name === 'parseText' ? 0 : differing
  const found = run()
  if (found !== expected)
    throw new Error(`${name} finds ${found} differences in ${pair}, and ${expected} are there`)
}

type Round = Record<SubjectName, number>

/** Microseconds of one run of each. Another one begins in every round, so that none has always the same one before it. */
function runRound(subjects: readonly Subject[], index: number, { milliseconds }: CompareBenchOptions): Round {
  const turned = subjects.map((_, at) => subjects[(at + index) % subjects.length]!)
  return Object.fromEntries(turned.map((subject) => [subject.name, time(subject, milliseconds)])) as Round
}

/** Of large bodies one run may pay for the garbage of the one before it. */
const FEWEST_RUNS = 2

/** By the processor time of this thread: what else the machine does is not counted. */
function time({ run }: Subject, milliseconds: number): number {
  let runs = 0
  const start = process.threadCpuUsage()
  let spent = 0
  do {
    run()
    runs += 1
    const { user, system } = process.threadCpuUsage(start)
    spent = user + system
  } while (spent < milliseconds * 1_000 || runs < FEWEST_RUNS)
  return spent / runs
}
