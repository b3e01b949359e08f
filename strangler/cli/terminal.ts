import type { ReadStream, WriteStream } from 'node:tty'
import { nameProgram, wordHints } from './word-hints.ts'

/** Where a command writes, and the environment it was given. */
export interface Terminal {
  readonly stdout: Pick<WriteStream, 'write' | 'columns' | 'isTTY'>
  readonly stderr: Pick<WriteStream, 'write' | 'columns' | 'isTTY'>
  /** Absent where nobody can be asked. */
  readonly stdin?: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** How the program is called here, for the hints; absent: `strangler`. */
  readonly program?: string
}

export function terminalOfProcess(): Terminal {
  // `strangler route list | head` ends the reader first, and a terminal that was closed answers EIO: no failures of the command, and
  // no reason to break off a stop in order.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Opened by the one command that asks.
    get stdin() {
      return process.stdin
    },
    env: process.env,
    program: nameProgram({ script: process.argv[1] ?? '', cwd: process.cwd(), env: process.env }),
  }
}

export function writeLine({ stdout, program }: Terminal, text: string): void {
  stdout.write(`${wordHints(text, program)}\n`)
}

/** What is no answer: an error, or how far something is. */
export function writeErrorLine({ stderr, program }: Terminal, text: string): void {
  stderr.write(`${wordHints(text, program)}\n`)
}

export function writeJson(terminal: Terminal, value: unknown): void {
  terminal.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const CODES: Record<Colour, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** Colours a text where a person looks at it: on a terminal, unless NO_COLOR is set (no-color.org). */
export function paint({ stdout, env }: Terminal, colour: Colour, text: string): string {
  if (!stdout.isTTY || (env['NO_COLOR'] ?? '') !== '') return text
  const [on, off] = CODES[colour]
  return `\u001b[${on}m${text}\u001b[${off}m`
}
