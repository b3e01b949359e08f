import { session } from './session/session.ts'
import { SignInPage } from './session/sign-in-page.tsx'
import { Shell } from './shell/shell.tsx'

export function App() {
  const { state } = session.value
  if (state === 'looking') return <p class="boot">Asking who you are …</p>
  return state === 'in' ? <Shell /> : <SignInPage />
}
