import { expect, test } from 'vitest'
import type { CapturedExchange } from '../../strangler/core/captured-exchange.ts'
import type { Difference } from '../../strangler/core/compare-words.ts'
import type { JudgeParts, SideAnswer } from '../../strangler/shadow/judgement.ts'
import { settleWrite } from '../../strangler/shadow/settle-write.ts'

type Stock = Readonly<Record<string, number>>

const answerOf = (side: SideAnswer['side'], stock: Stock): SideAnswer => ({
  ...{ side, status: 200, headers: [], tookMs: 1 },
  body: Buffer.from(JSON.stringify(stock)),
})
const readStock = ({ body }: SideAnswer): Stock => JSON.parse(Buffer.from(body).toString())

/** Field by field, which is all that this is about. */
const differ = (one: Stock, other: Stock): Difference[] =>
  Object.keys(one)
    .filter((name) => one[name] !== other[name])
    .map((name) => ({ kind: 'value', path: `$.${name}`, count: 1, weight: 1 }))

interface Run {
  readonly client: Stock
  /** The dry runs: with the client's answer, and the two that come later. */
  readonly dry: readonly [Stock, Stock, Stock]
  readonly isCopied?: boolean
  readonly caughtUp?: number | undefined
}

async function settle({ client, dry, isCopied = true, ...rest }: Run) {
  const caughtUp = 'caughtUp' in rest ? rest.caughtUp : 120
  const later = dry.slice(1).values()
  const parts = {
    ask: async () => ({ kind: 'answered', answer: answerOf('service', later.next().value ?? {}) }),
    compare: async ([one, other]: readonly [SideAnswer, SideAnswer]) => {
      const differences = differ(readStock(one), readStock(other))
      return differences.length === 0 ? { kind: 'same' } : { kind: 'different', differences }
    },
    calibration: { wantsDiffering: () => true, isKnownNoise: () => false, noteNoise: () => undefined },
    copies: { isKept: () => isCopied, catchUp: async () => caughtUp },
  } as unknown as JudgeParts
  const exchange = { capability: 'stock', endpoint: 'PUT /stock', primary: 'monolith' } as CapturedExchange
  const judged = await settleWrite(parts, exchange, {
    found: { verdict: 'different', differences: differ(client, dry[0]) },
    client: answerOf('monolith', client),
    shadow: answerOf('service', dry[0]),
  })
  const paths = (differences: readonly Difference[] = []) => differences.map(({ path }) => path)
  return {
    ...{ verdict: judged.verdict, why: judged.skipped, lagMs: judged.lagMs },
    ...{ differs: paths(judged.differences), noise: judged.noise && paths(judged.noise) },
  }
}

test('what the service does not repeat itself is noise, and what it repeats is not', async () => {
  const dry = [
    { onHand: 8, at: 2 },
    { onHand: 8, at: 3 },
    { onHand: 8, at: 4 },
  ] as const
  const isCopied = false
  expect(await settle({ client: { onHand: 8, at: 1 }, dry, isCopied })).toMatchObject({
    ...{ verdict: 'different', differs: ['$.at'], noise: ['$.at'] },
  })
  expect(await settle({ client: { onHand: 7, at: 1 }, dry, isCopied })).toMatchObject({
    ...{ verdict: 'different', differs: ['$.onHand', '$.at'], noise: ['$.at'] },
  })
})

test('a copy that was late agrees when it has everything: lag, however noisy the rest', async () => {
  const late = await settle({
    client: { onHand: 7, at: 1 },
    dry: [
      { onHand: 9, at: 2 },
      { onHand: 7, at: 3 },
      { onHand: 7, at: 4 },
    ],
  })
  expect(late).toMatchObject({ verdict: 'lag', lagMs: 120 })
})

test('what stays as wrong as it was is a mismatch, in a copy too', async () => {
  const wrong = { onHand: 70 }
  expect(await settle({ client: { onHand: 7 }, dry: [wrong, wrong, wrong] })).toMatchObject({
    ...{ verdict: 'different', differs: ['$.onHand'], noise: [] },
  })
})

test('a write that counts on what is there has happened twice by then: it is skipped, and so is a copy that stays late', async () => {
  const twice = await settle({ client: { onHand: 7 }, dry: [{ onHand: 9 }, { onHand: 4 }, { onHand: 4 }] })
  expect(twice).toMatchObject({ verdict: 'skipped', why: 'behind' })
  const never = await settle({ client: { onHand: 7 }, dry: [{ onHand: 9 }, {}, {}], caughtUp: undefined })
  expect(never).toMatchObject({ verdict: 'skipped', why: 'behind' })
})

test('what has moved hides nothing that has not', async () => {
  const both = await settle({
    client: { onHand: 7, price: 1 },
    dry: [
      { onHand: 9, price: 5 },
      { onHand: 4, price: 5 },
      { onHand: 4, price: 5 },
    ],
  })
  expect(both).toMatchObject({ verdict: 'different', differs: ['$.price'] })
})
