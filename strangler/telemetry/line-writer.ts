import { close, mkdirSync, openSync, write } from 'node:fs'
import path from 'node:path'

/** Past this, lines are dropped rather than kept: a full disk must cost log lines, not memory. */
const MOST_WAITING_BYTES = 8_388_608
/** A pipe whose reader is slow (EAGAIN), a disk that is full: tried again this much later. */
const RETRY_MS = 100
const STANDARD_OUTPUT = 1

/** Writes text to a file or to standard output without ever blocking or failing its caller. */
export interface LineWriter {
  write(text: string): void
  /** How many characters were thrown away because they could not be written. */
  readonly lost: number
  /** Writes what is left, for at most `withinMs`. Later writes are dropped. */
  end(withinMs: number): Promise<void>
}

/**
 * pino's own stream is not used here: when a write fails it retries inside `Atomics.wait`, which stops the whole process, its requests
 * included, for as long as the disk is full or the terminal gone.
 * @param file appended to, its folder made when absent; standard output when undefined
 */
export function createLineWriter(file?: string): LineWriter {
  const fd = file === undefined ? STANDARD_OUTPUT : openForAppending(file)
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let busy = false
  let lost = 0
  let ended = false
  let onIdle: (() => void) | undefined

  function next(): void {
    if (busy) return
    const chunk = waiting.shift()
    if (chunk === undefined) {
      onIdle?.()
      return
    }
    busy = true
    writeChunk(chunk)
  }
  function writeChunk(chunk: Buffer): void {
    write(fd, chunk, 0, chunk.length, null, (error, written) => {
      if (error !== null && mayPass(error)) {
        setTimeout(() => writeChunk(chunk), RETRY_MS).unref()
        return
      }
      if (error === null && written < chunk.length) return writeChunk(chunk.subarray(written))
      if (error !== null) lost += chunk.length
      waitingBytes -= chunk.length
      busy = false
      next()
    })
  }

  return {
    get lost() {
      return lost
    },
    write(text) {
      const chunk = Buffer.from(text)
      if (ended || waitingBytes + chunk.length > MOST_WAITING_BYTES) {
        lost += chunk.length
        return
      }
      waiting.push(chunk)
      waitingBytes += chunk.length
      next()
    },
    async end(withinMs) {
      if (ended) return
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve
      })
      next()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs)
      })
      if (busy) await Promise.race([idle, late])
      clearTimeout(timer)
      ended = true
      waiting = []
      if (file !== undefined && !busy) close(fd)
    },
  }
}

function openForAppending(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true })
  return openSync(file, 'a', 0o600)
}

/** Room may come back on a disk, and a reader to a pipe. A terminal that is gone, or a closed pipe, stays so. */
function mayPass({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'ENOSPC' || code === 'EDQUOT'
}
