import { useState } from 'preact/hooks'
import type { RoutesAnswer } from '../../admin/contracts.ts'
import { live } from '../api/live.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { Pager } from '../parts/pager.tsx'
import { RouteRow } from './route-row.tsx'
import { WhyBox } from './why-box.tsx'

const PAGE_ROWS = 50
const MODES = ['monolith', 'shadow', 'canary', 'service'] as const

/** All endpoints: where each goes, what each carries, and a toggle for each. */
export function RoutesPage() {
  return (
    <>
      <h1>Routes</h1>
      <HeardBlock of={live.routes.value} what="the routes">
        {(answer) => <RouteTable answer={answer} />}
      </HeardBlock>
      <WhyBox />
    </>
  )
}

function RouteTable({ answer }: { readonly answer: RoutesAnswer }) {
  const [text, setText] = useState('')
  const [mode, setMode] = useState('')
  const [first, setFirst] = useState(0)
  const found = answer.routes.filter(({ endpoint, capability, setting, source }) => {
    const isMode = mode === '' || setting.mode === mode || source === mode
    return isMode && `${endpoint} ${capability}`.toLowerCase().includes(text.toLowerCase())
  })
  const begin = first < found.length ? first : 0
  const shown = found.slice(begin, begin + PAGE_ROWS)
  const choose = (set: (value: string) => void) => (event: { currentTarget: { value: string } }) => {
    set(event.currentTarget.value)
    setFirst(0)
  }
  return (
    <section class="panel" aria-label="Endpoints">
      {!answer.confirmed && (
        <p class="note unsure">The control database did not answer: this is what the process knew last.</p>
      )}
      <div class="controls">
        <label class="field grow">
          <span>Find</span>
          <input type="search" value={text} onInput={choose(setText)} placeholder="endpoint or capability" />
        </label>
        <label class="field">
          <span>Mode</span>
          <select value={mode} onChange={choose(setMode)}>
            <option value="">all</option>
            {MODES.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="override">set by an operator</option>
          </select>
        </label>
      </div>
      {found.length === 0 ? (
        <Nothing title="No endpoint is like that" />
      ) : (
        <table class="stacking">
          <thead>
            <tr>
              <th>Endpoint</th>
              <th>Mode</th>
              <th class="numeric">Requests / s</th>
              <th class="numeric">p95 monolith</th>
              <th class="numeric">p95 service</th>
              <th>Send it to</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((route) => (
              <RouteRow key={route.endpoint} route={route} version={answer.version} />
            ))}
          </tbody>
        </table>
      )}
      <Pager
        {...{ what: 'the endpoints', from: Math.min(begin + 1, found.length), to: begin + shown.length }}
        of={found.length}
        onBack={begin === 0 ? undefined : () => setFirst(begin - PAGE_ROWS)}
        onNext={begin + PAGE_ROWS >= found.length ? undefined : () => setFirst(begin + PAGE_ROWS)}
      />
      {answer.orphans.length > 0 && (
        <p class="quiet small">
          Set by an operator, and not in the configuration any more: {answer.orphans.join(', ')}
        </p>
      )}
    </section>
  )
}
