import { useState } from 'preact/hooks'
import type { Problem, WhyAnswer } from '../../admin/contracts.ts'
import { ask, problemOf } from '../api/ask.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Prose } from '../parts/prose.tsx'

/** Where one request would go, and why, in a sentence. */
export function WhyBox() {
  const [answer, setAnswer] = useState<WhyAnswer>()
  const [problem, setProblem] = useState<Problem>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const user = String(form.get('user')).trim()
    const body = {
      method: String(form.get('method')).trim().toUpperCase(),
      path: String(form.get('path')).trim(),
      ...(user === '' ? {} : { user }),
    }
    try {
      setAnswer(await ask<WhyAnswer>('/routes/why', { body }))
      setProblem(undefined)
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <section class="panel" aria-labelledby="why-title">
      <h2 id="why-title">Why does a request go where it goes?</h2>
      <form class="controls" onSubmit={submit}>
        <label class="field">
          <span>Method</span>
          <input name="method" value="GET" size={6} required />
        </label>
        <label class="field grow">
          <span>Path</span>
          <input
            name="path"
            placeholder="/api/inventory/SKU-1"
            required
            pattern="/.*"
            title="begins with /"
          />
        </label>
        <label class="field">
          <span>User</span>
          <input name="user" placeholder="anybody" />
        </label>
        <button type="submit" class="button">
          Ask
        </button>
      </form>
      <div role="status">
        {answer !== undefined && (
          <p class="note">
            <Prose text={answer.sentence} /> <span class="pill">{answer.reason}</span>
          </p>
        )}
      </div>
      {problem !== undefined && <ProblemNote problem={problem} />}
    </section>
  )
}
