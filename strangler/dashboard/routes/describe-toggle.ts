import type { Asked } from '../parts/asking.ts'
import { formatSetting } from '../parts/format.ts'
import type { Route } from './route-row.tsx'

const DOES: Readonly<Record<string, string>> = {
  monolith: 'Every request of it is answered by the monolith.',
  shadow: 'The monolith answers. After each answer the service gets a copy, and the two are compared.',
  canary:
    'The service answers this share of the users, always the same ones; the monolith answers the others.',
  service: 'Every request of it is answered by the service.',
}
const STANDS =
  'It stands until it is cleared, and as long as it does the stage of its capability does not advance.'

/** A toggle in words. @param choice a mode, or `clear` */
export function describeToggle(route: Route, choice: string, version: number): Asked {
  const { endpoint, setting, source } = route
  const before = formatSetting(setting)
  const back = `One toggle back to ${before}, at once and at no cost. Requests in flight finish where they began.`
  if (choice === 'clear') {
    return {
      ...{
        title: `Give ${endpoint} back to its stage`,
        confirm: 'Give it back',
        because: 'optional',
        back,
        version,
      },
      does: [`It goes as its stage or the configuration says, and no longer by ${before}.`],
      ...{ path: '/routes/clear', body: { endpoint } },
    }
  }
  const percent = setting.mode === 'canary' ? (setting.percent ?? 5) : 5
  return {
    ...{ title: `Send ${endpoint} to ${choice}`, confirm: 'Toggle', because: 'optional', back, version },
    does: [
      `Now it goes to ${before}${source === 'override' ? ', set by an operator' : ''}.`,
      DOES[choice] ?? '',
      STANDS,
    ],
    ...{ path: '/routes/set', body: { endpoint, mode: choice } },
    ...(choice === 'canary'
      ? {
          fields: [
            {
              ...{ name: 'percent', label: 'Share of the users, %', kind: 'number', value: String(percent) },
              ...{ min: 0, max: 100, step: 0.01 },
            },
          ],
        }
      : {}),
  }
}
