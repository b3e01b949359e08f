import { expect, test } from 'vitest'
import type { CapturedExchange } from '../../strangler/core/captured-exchange.ts'
import type { CapturedAnswer, Difference } from '../../strangler/core/compare-words.ts'
import { type Calibration, createCalibration } from '../../strangler/shadow/calibration.ts'
import type { JudgeParts } from '../../strangler/shadow/judgement.ts'
import { settleLag } from '../../strangler/shadow/settle-lag.ts'

type Stock = Readonly<Record<string, number | string>>

const answerOf = (stock: Stock): CapturedAnswer => ({
  ...{ status: 200, headers: [], tookMs: 1 },
  body: Buffer.from(JSON.stringify(stock)),
})
const readStock = ({ body }: CapturedAnswer): Stock => JSON.parse(Buffer.from(body).toString())

/** Field by field, which is all that this is about. */
function differ(one: Stock, other: Stock): Difference[] {
  return Object.keys(one)
    .filter((name) => one[name] !== other[name])
    .map((name) => ({ kind: 'value', path: `$.${name}`, count: 1, weight: 1 }))
}

/** Each look asks the owner, the copy, and the owner twice. */
type LookAt = readonly [first: Stock, copy: Stock, last: Stock, again: Stock]

async function settle(
  looks: readonly LookAt[],
  differences: readonly Difference[] = differ({ onHand: 9 }, { onHand: 8 }),
  {
    client = { onHand: 9 },
    primary = 'monolith',
    atOnce = { onHand: 8 },
    late = createCalibration(() => 0.9),
    neverNoise = [],
  }: {
    client?: Stock
    primary?: 'monolith' | 'service'
    atOnce?: Stock
    neverNoise?: readonly string[]
    late?: Pick<Calibration, 'noteLate' | 'isFleeting'>
  } = {},
) {
  const answers = [atOnce, ...looks.flat()].values()
  const parts = {
    ask: async () => ({ kind: 'answered', answer: answerOf(answers.next().value ?? {}) }),
    compare: async ([one, other]: readonly [CapturedAnswer, CapturedAnswer]) => {
      const differences = differ(readStock(one), readStock(other))
      return differences.length === 0 ? { kind: 'same' } : { kind: 'different', differences }
    },
    calibration: {
      ...{ isKnownNoise: () => false, noteNoise: () => undefined },
      ...{ noteLate: late.noteLate, isFleeting: late.isFleeting },
    },
    copies: { catchUp: async () => 300 },
    ownerOf: () => 'monolith',
    mayBeNoise: (_exchange: CapturedExchange, { path }: Difference) => !neverNoise.includes(path),
  } as unknown as JudgeParts
  const exchange = {
    ...{ capability: 'stock', endpoint: 'GET /stock', primary, answer: answerOf(client) },
  } as unknown as CapturedExchange
  const settled = await settleLag(parts, exchange, { verdict: 'different', differences })
  const shadow = settled.shadow === undefined ? undefined : readStock(settled.shadow)
  return {
    verdict: settled.verdict,
    paths: settled.differences.map(({ path }) => path),
    noise: settled.noise?.map(({ path }) => path),
    shadow,
  }
}

const quiet: LookAt = Array.from({ length: 4 }, () => ({ onHand: 7, reserved: 0 })) as unknown as LookAt
/** An order reserves and sells while it is looked: only the copy shows the reservation. */
const sellsOne: LookAt = [
  { onHand: 8, reserved: 0 },
  { onHand: 8, reserved: 1 },
  { onHand: 7, reserved: 0 },
  { onHand: 7, reserved: 0 },
]

test('a value that went and came back while it was looked is no mismatch: the next quiet look tells', async () => {
  expect((await settle([sellsOne, quiet])).verdict).toBe('lag')
})

test('what differs while the owner stands still is a mismatch at once', async () => {
  const wrong: LookAt = [{ onHand: 7 }, { onHand: 70 }, { onHand: 7 }, { onHand: 7 }]
  expect(await settle([wrong])).toMatchObject({ verdict: 'different', paths: ['$.onHand'] })
})

test('the answer that is kept as the other side’s is the other side’s, whichever of the two answered the client', async () => {
  const wrong: LookAt = [{ onHand: 7 }, { onHand: 70 }, { onHand: 7 }, { onHand: 7 }]
  expect((await settle([wrong])).shadow).toEqual({ onHand: 70 })
  // A canary: the service has answered, and what is compared with it is the monolith's.
  expect((await settle([wrong], undefined, { primary: 'service' })).shadow).toEqual({ onHand: 7 })
})

test('a field that is wrong in every look is a mismatch, although the owner never stands still', async () => {
  const look = (n: number): LookAt => [
    { onHand: n, name: 'a' },
    { onHand: n, name: 'b' },
    { onHand: n - 1, name: 'a' },
    { onHand: n - 1, name: 'a' },
  ]
  expect(await settle([9, 8, 7, 6].map(look))).toMatchObject({ verdict: 'different', paths: ['$.name'] })
})

test('what moves in every look and shows nothing that stays is skipped, not judged', async () => {
  const look = (n: number): LookAt => [
    { onHand: n, reserved: 0 },
    { onHand: n - 1, reserved: n % 2 },
    { onHand: n - 2, reserved: 0 },
    { onHand: n - 2, reserved: 0 },
  ]
  expect((await settle([9, 8, 7, 6].map(look))).verdict).toBe('skipped')
})

test('what the owner has sold since the copy was asked is no difference of a copy that agrees with what was before', async () => {
  const look: LookAt = [
    { at: 1, onHand: 8 },
    { at: 2, onHand: 8 },
    { at: 3, onHand: 7 },
    { at: 4, onHand: 7 },
  ]
  const noisy = differ({ at: 0 }, { at: 1 })
  expect(await settle([look], noisy)).toMatchObject({ verdict: 'different', paths: ['$.at'] })
})

/** The owner stands still; the copy has differed once, and agrees now. */
const calm: LookAt = [{ onHand: 9 }, { onHand: 9 }, { onHand: 9 }, { onHand: 9 }]
const wrongOnce = differ({ onHand: 9 }, { onHand: 10 })

test('a bug that shows now and then is gone at once, and is told from lag by that', async () => {
  const late = createCalibration(() => 0.9)
  const look = async () => (await settle([calm], wrongOnce, { late, atOnce: { onHand: 9 } })).verdict
  expect([await look(), await look(), await look(), await look()]).toEqual([
    ...['lag', 'different', 'different', 'different'],
  ])
})

test('a copy that is late is late at once, too, and stays lag although a change comes just in between now and then', async () => {
  const late = createCalibration(() => 0.9)
  const verdicts = new Set<string>()
  for (let n = 0; n < 20; n++)
    verdicts.add(
      (await settle([calm], wrongOnce, { late, atOnce: { onHand: n % 3 === 2 ? 9 : 10 } })).verdict,
    )
  expect([...verdicts]).toEqual(['lag'])
})

/** The owner moves even between its last two answers. */
const neverStill: LookAt = [{ onHand: 7 }, { onHand: 70 }, { onHand: 7 }, { onHand: 6 }]

test('what the owner differs from itself in at once is noise, and a wrong copy goes with it', async () => {
  expect(await settle([neverStill])).toMatchObject({
    verdict: 'different',
    paths: ['$.onHand'],
    noise: ['$.onHand'],
  })
})

test('where nothing is noise it is data that moves: it is looked at again, and a wrong copy is found in a quiet moment', async () => {
  const quietButWrong: LookAt = [{ onHand: 6 }, { onHand: 60 }, { onHand: 6 }, { onHand: 6 }]
  const found = await settle([neverStill, quietButWrong], undefined, { neverNoise: ['$.onHand'] })
  expect(found).toMatchObject({ verdict: 'different', paths: ['$.onHand'], noise: [] })
})

test('where nothing is noise and the data never stands still, the exchange is not compared', async () => {
  const found = await settle([neverStill, neverStill, neverStill, neverStill], undefined, {
    neverNoise: ['$.onHand'],
  })
  expect(found).toMatchObject({ verdict: 'skipped' })
})
