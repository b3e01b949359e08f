import { useState } from 'preact/hooks'
import type { Problem } from '../../admin/contracts.ts'
import type { RehearsalAnswer } from '../../admin/cutover-contracts.ts'
import type { GuidedCapability } from '../../admin/guide/migrate-contracts.ts'
import { ask, problemOf } from '../api/ask.ts'
import { formatMs } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Prose } from '../parts/prose.tsx'
import { isOperator } from '../session/session.ts'
import { notify } from '../shell/notices.tsx'

const REHEARSAL_TIMEOUT_MS = 40_000

/** Evidence that comes only when somebody asks for it. None of these changes anything for anybody. */
export function Evidence({ guided }: { readonly guided: GuidedCapability }) {
  const [problem, setProblem] = useState<Problem>()
  const [isAsking, setAsking] = useState(false)
  const [rehearsal, setRehearsal] = useState<RehearsalAnswer>()
  const { capability, owner, next } = guided
  const isShut = (...ids: string[]) =>
    next?.gates.some(({ id, state }) => ids.includes(id) && state !== 'pass') === true
  const run = (asking: () => Promise<string>) => async () => {
    setAsking(true)
    setProblem(undefined)
    try {
      notify(await asking())
    } catch (error) {
      setProblem(problemOf(error))
    }
    setAsking(false)
  }
  const rehearse = async () => {
    const to = owner === 'monolith' ? 'service' : 'monolith'
    const answer = await ask<RehearsalAnswer>('/cutover/rehearse', {
      ...{ body: { capability, to }, timeoutMs: REHEARSAL_TIMEOUT_MS },
    })
    setRehearsal(answer)
    return `Rehearsed: writes would wait about ${formatMs(answer.predictedMs)}.`
  }
  const record = async () => {
    await ask('/contract/record', { body: { capability } })
    return 'The contract is recorded.'
  }
  const verify = async () => {
    await ask('/sync/verify', { body: { capability } })
    return 'The rows of both sides are being compared; the page “Data” shows how far it is.'
  }
  const button = (label: string, asking: () => Promise<string>) => (
    <button type="button" class="button small" disabled={isAsking} onClick={run(asking)}>
      {label}
    </button>
  )
  return (
    <>
      <div class="controls">
        {isOperator() && isShut('contract-recorded') && button('Record the contract', record)}
        {isOperator() && isShut('verify-clean') && button('Compare all rows', verify)}
        {next?.step === 'cutover' && button('Rehearse the cut-over', rehearse)}
        {isAsking && <span role="status">Working …</span>}
      </div>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {rehearsal !== undefined && <Rehearsal rehearsal={rehearsal} />}
    </>
  )
}

function Rehearsal({ rehearsal }: { readonly rehearsal: RehearsalAnswer }) {
  const { obstacles, parts, predictedMs } = rehearsal
  return (
    <div class={`note ${obstacles.length === 0 ? '' : 'unsure'}`}>
      <p>
        {Object.keys(parts).length > 0 && (
          <>
            Writes would wait about <strong>{formatMs(predictedMs)}</strong>.{' '}
          </>
        )}
        {obstacles.length === 0 ? 'Nothing is in the way.' : 'In the way:'}
      </p>
      <ul class="plain-list small">
        {obstacles.map(({ reason, fix }) => (
          <li key={reason}>
            <Prose text={reason} />{' '}
            <span class="quiet">
              <Prose text={fix} />
            </span>
          </li>
        ))}
      </ul>
      <dl class="pairs">
        {Object.entries(parts).map(([name, ms]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatMs(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
