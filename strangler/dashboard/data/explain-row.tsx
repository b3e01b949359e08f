import { useState } from 'preact/hooks'
import type { Problem } from '../../admin/contracts.ts'
import type { ExplainAnswer } from '../../admin/sync-contracts.ts'
import { ask, problemOf } from '../api/ask.ts'
import { formatMs } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Prose } from '../parts/prose.tsx'

interface ExplainRowProps {
  readonly capability: string
  readonly tables: readonly string[]
}

/** Where one row is on its way. */
export function ExplainRow({ capability, tables }: ExplainRowProps) {
  const [answer, setAnswer] = useState<ExplainAnswer>()
  const [problem, setProblem] = useState<Problem>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const parts = String(form.get('key'))
      .split(',')
      .map((part) => part.trim())
    try {
      const body = { capability, table: String(form.get('table')), key: JSON.stringify(parts) }
      setAnswer(await ask<ExplainAnswer>('/sync/explain', { body }))
      setProblem(undefined)
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <section class="panel" aria-labelledby="explain-title">
      <h2 id="explain-title">Where is a row?</h2>
      <form class="controls" onSubmit={submit}>
        <label class="field">
          <span>Table</span>
          <select name="table">
            {tables.map((table) => (
              <option key={table}>{table}</option>
            ))}
          </select>
        </label>
        <label class="field grow">
          <span>Key (its columns with commas between them)</span>
          <input name="key" required placeholder="42" maxLength={1_000} />
        </label>
        <button type="submit" class="button">
          Explain
        </button>
      </form>
      {problem !== undefined && <ProblemNote problem={problem} />}
      <div role="status">{answer !== undefined && <Explained answer={answer} />}</div>
    </section>
  )
}

function Explained({ answer }: { readonly answer: ExplainAnswer }) {
  const { verdict, source, target } = answer
  const columns = [...new Set([...Object.keys(source.row ?? {}), ...Object.keys(target.row ?? {})])]
  return (
    <div class="stack">
      <p class="note">
        <Prose text={verdict} />
      </p>
      {source.refusal !== undefined && (
        <p class="note bad">
          <Prose text={source.refusal} />
        </p>
      )}
      {target.quarantine !== undefined && <p class="note bad">{target.quarantine.error}</p>}
      {source.pending.map(({ version, op, ageMs }) => (
        <p key={version} class="quiet">
          {op} waits for {formatMs(ageMs)}
        </p>
      ))}
      {columns.length > 0 && (
        <table class="stacking">
          <thead>
            <tr>
              <th>Column</th>
              <th>Owner</th>
              <th>Other side</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column}>
                <th scope="row">
                  <code>{column}</code>
                </th>
                <td data-label="Owner">{show(source.row, column)}</td>
                <td data-label="Other side">{show(target.row, column)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

const show = (row: ExplainAnswer['source']['row'], column: string) =>
  row === null ? 'no row' : (row[column] ?? 'null')
