import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CLOSE_GOING_AWAY,
  CLOSE_SERVICE_RESTART,
  encodeClose,
  FrameTracker,
} from '../../strangler/proxy/websocket-frames.ts'
import { encodeFrame } from '../conformance/tools/websocket-frames.ts'

interface Tracker {
  readonly atBoundary: boolean
  advance(chunk: Uint8Array, stopAtBoundary?: boolean): number
}

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
    // Around the two places where the length changes its form.
    size: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 65_530, max: 65_540 })),
    last: fc.boolean(),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
)
const cuts = fc.array(fc.nat(), { maxLength: 12 })

function encode(sequence: { opcode: number; size: number; last: boolean; masked: boolean }[]) {
  const encoded = sequence.map(({ opcode, size, last, masked }) =>
    encodeFrame(opcode, Buffer.alloc(size, 0x88), { last, masked }),
  )
  const ends: number[] = []
  for (const frame of encoded) ends.push((ends.at(-1) ?? 0) + frame.length)
  return { bytes: Buffer.concat(encoded), ends }
}

function split(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place))
}

/** Where the tracker sees a frame end, in bytes from the beginning. */
function findBoundaries(tracker: Tracker, chunks: readonly Buffer[]): number[] {
  const found: number[] = []
  let passed = 0
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const taken = tracker.advance(chunk.subarray(at), true)
      at += taken
      passed += taken
      if (tracker.atBoundary) found.push(passed)
    }
  }
  return found
}

function holdsFor(createTracker: () => Tracker) {
  return fc.property(frames, cuts, (sequence, at) => {
    const { bytes, ends } = encode(sequence)
    expect(findBoundaries(createTracker(), split(bytes, at))).toEqual(ends)
  })
}

describe('the frame tracker', () => {
  it('finds the same boundaries however the bytes are cut', () => {
    fc.assert(holdsFor(() => new FrameTracker()))
  })

  it('is caught by this property when it takes every chunk for a frame', () => {
    const twin = (): Tracker => ({ atBoundary: true, advance: (chunk) => chunk.length })
    expect(fc.check(holdsFor(twin)).failed).toBe(true)
  })

  it('is caught by it when it forgets a header that is cut in two', () => {
    const forgetful = (): Tracker => {
      let tracker = new FrameTracker()
      return {
        get atBoundary() {
          return tracker.atBoundary
        },
        advance(chunk, stop) {
          const taken = tracker.advance(chunk, stop)
          if (taken === 1 && !tracker.atBoundary) tracker = new FrameTracker()
          return taken
        },
      }
    }
    expect(fc.check(holdsFor(forgetful)).failed).toBe(true)
  })

  it('is at the same place whether it stops at boundaries or not', () => {
    fc.assert(
      fc.property(frames, cuts, fc.nat(), (sequence, at, end) => {
        const { bytes, ends } = encode(sequence)
        const part = bytes.subarray(0, end % (bytes.length + 1))
        const tracker = new FrameTracker()
        for (const chunk of split(part, at)) expect(tracker.advance(chunk)).toBe(chunk.length)
        expect(tracker.atBoundary).toBe(part.length === 0 || ends.includes(part.length))
      }),
    )
  })

  it('knows a close frame only when the whole of it has passed', () => {
    for (const mask of [undefined, Buffer.from([1, 2, 3, 4])]) {
      const bytes = encodeClose(CLOSE_SERVICE_RESTART, mask)
      const tracker = new FrameTracker()
      tracker.advance(bytes.subarray(0, -1))
      expect(tracker.closed).toBe(false)
      tracker.advance(bytes.subarray(-1))
      expect(tracker.closed).toBe(true)
    }
  })

  it('takes a length of 2^63 - 1 for what it is', () => {
    const tracker = new FrameTracker()
    tracker.advance(Buffer.from('827f7fffffffffffffff', 'hex'))
    tracker.advance(Buffer.alloc(100_000))
    expect(tracker.atBoundary).toBe(false)
  })
})

describe('a close frame of the kit’s own', () => {
  it('says 1012 to a client, unmasked, and 1001 to a side, masked', () => {
    expect(encodeClose(CLOSE_SERVICE_RESTART).toString('hex')).toBe('880203f4')
    const masked = encodeClose(CLOSE_GOING_AWAY, Buffer.from([0xff, 0x00, 0xff, 0x00]))
    expect(masked.toString('hex')).toBe('8882ff00ff00fce9')
  })
})
