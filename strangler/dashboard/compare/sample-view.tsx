import { useState } from 'preact/hooks'
import type { ReplayAnswer, SampleAnswer } from '../../admin/compare-contracts.ts'
import type { Problem } from '../../admin/contracts.ts'
import { ask, problemOf } from '../api/ask.ts'
import { formatMs } from '../parts/format.ts'
import { HeardBlock } from '../parts/heard-block.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { isOperator } from '../session/session.ts'
import { AnswerText } from './answer-text.tsx'

type Sample = SampleAnswer['sample']
type Answers = Sample['answers']
type Differences = Sample['differences']

/** One exchange: what was asked, and both answers side by side with what differs marked. */
export function SampleView({ id }: { readonly id: string }) {
  const { heard } = useAnswer<SampleAnswer>(`/compare/sample?id=${encodeURIComponent(id)}`)
  return (
    <HeardBlock of={heard} what="the sample">
      {({ sample }) => (
        <>
          <p>
            <code>
              {sample.request.method} {sample.request.target}
            </code>{' '}
            <span class="quiet small">correlation id {sample.correlationId}</span>
          </p>
          <BothAnswers primary={sample.primary} answers={sample.answers} differences={sample.differences} />
          <Replay id={id} />
        </>
      )}
    </HeardBlock>
  )
}

interface BothAnswersProps {
  readonly primary: 'monolith' | 'service'
  readonly answers: Answers
  readonly differences: Differences
}

function BothAnswers({ primary, answers, differences }: BothAnswersProps) {
  const other = primary === 'monolith' ? 'service' : 'monolith'
  const marked = differences.map(({ path }) => path)
  return (
    <>
      <table class="stacking">
        <caption class="visually-hidden">What differs in this exchange</caption>
        <thead>
          <tr>
            <th>Where</th>
            <th>How</th>
            <th>{primary}</th>
            <th>{other}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ path, kind, primary: one, shadow, count }) => (
            <tr key={`${kind} ${path}`}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td data-label="How">
                {kind}
                {count > 1 ? `, ${count} times` : ''}
              </td>
              <td data-label={primary}>
                <code>{one ?? '–'}</code>
              </td>
              <td data-label={other}>
                <code>{shadow ?? '–'}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="two">
        <OneAnswer
          side={`${primary}, which answered the client`}
          answer={answers.primary}
          other={answers.shadow}
          marked={marked}
        />
        <OneAnswer
          side={`${other}, which was asked after it`}
          answer={answers.shadow}
          other={answers.primary}
          marked={marked}
        />
      </div>
    </>
  )
}

interface OneAnswerProps {
  readonly side: string
  readonly answer: Answers['primary']
  readonly other: Answers['primary']
  readonly marked: readonly string[]
}

function OneAnswer({ side, answer, other, marked }: OneAnswerProps) {
  return (
    <div class="answer">
      <h3>
        {side} · {answer.status} · {formatMs(answer.tookMs)}
      </h3>
      <AnswerText answer={answer} otherBody={other.body} marked={marked} />
    </div>
  )
}

/** Asks both sides once more, now. Only reads and dry runs are kept as samples, so it changes nothing. */
function Replay({ id }: { readonly id: string }) {
  const [answer, setAnswer] = useState<ReplayAnswer>()
  const [problem, setProblem] = useState<Problem>()
  const [isAsking, setAsking] = useState(false)
  const replay = async () => {
    setAsking(true)
    try {
      setAnswer(await ask<ReplayAnswer>('/compare/replay', { body: { id } }))
      setProblem(undefined)
    } catch (error) {
      setProblem(problemOf(error))
    }
    setAsking(false)
  }
  return (
    <>
      <div class="controls">
        <button
          type="button"
          class="button"
          disabled={!isOperator() || isAsking}
          onClick={() => void replay()}
        >
          {isAsking ? 'Asking both sides …' : 'Replay'}
        </button>
        <span class="quiet small">Asks both sides again now. It changes nothing.</span>
      </div>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div role="status">
        {answer?.skipped !== undefined && <p class="note unsure">Not compared: {answer.skipped}.</p>}
        {answer?.skipped === undefined && answer?.differences.length === 0 && (
          <p class="note">Now they agree.</p>
        )}
      </div>
      {answer?.answers !== undefined && answer.differences.length > 0 && (
        <BothAnswers primary={answer.primary} answers={answer.answers} differences={answer.differences} />
      )}
    </>
  )
}
