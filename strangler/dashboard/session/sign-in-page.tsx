import { useState } from 'preact/hooks'
import type { Problem } from '../../admin/contracts.ts'
import { problemOf } from '../api/ask.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { readName, session, signIn } from './session.ts'

export function SignInPage() {
  const [problem, setProblem] = useState<Problem>()
  const [isWaiting, setWaiting] = useState(false)
  const state = session.value
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setWaiting(true)
    try {
      await signIn(String(form.get('token')).trim(), String(form.get('name')).trim())
    } catch (error) {
      setProblem(problemOf(error))
      setWaiting(false)
    }
  }
  return (
    <main class="sign-in">
      <form class="panel sign-in-form" onSubmit={submit}>
        <img class="sign-in-mark" src="/dashboard/mark.svg" alt="" />
        <h1>Strangler</h1>
        {state.state === 'out' && state.because !== undefined && <p class="quiet">{state.because}</p>}
        <label class="field">
          <span>Token</span>
          <input name="token" type="password" required autocomplete="current-password" />
        </label>
        <label class="field">
          <span>Your name, for the journal</span>
          <input
            name="name"
            value={readName()}
            maxLength={64}
            pattern="[\p{L}\p{N}._@ \-]{1,64}"
            title="letters, digits, spaces and . _ @ -"
            autocomplete="nickname"
          />
        </label>
        {problem !== undefined && <ProblemNote problem={problem} />}
        <button type="submit" class="button primary" disabled={isWaiting}>
          {isWaiting ? 'Signing in …' : 'Sign in'}
        </button>
        {problem === undefined && (
          <p class="quiet small">
            The tokens are in <code>tokens.json</code> of the kit’s directory, <code>.strangler</code> as a
            rule, or in <code>STRANGLER_OPERATOR_TOKEN</code> and <code>STRANGLER_VIEWER_TOKEN</code>. A
            viewer may look, an operator may also change.
          </p>
        )}
      </form>
    </main>
  )
}
