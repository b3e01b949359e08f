import { useEffect, useRef, useState } from 'preact/hooks'
import type { Problem } from '../../admin/contracts.ts'
import { problemOf } from '../api/ask.ts'
import { notify } from '../shell/notices.tsx'
import { type Asked, type AskedField, asked, closeAsked, give, type Said } from './asking.ts'
import { ProblemNote } from './problem-note.tsx'
import { Prose } from './prose.tsx'
import { VersionConflict } from './version-conflict.tsx'

/** The one place where a command is confirmed: what it does, what going back costs, and why it is given. */
export function ConfirmDialog() {
  const command = asked.value
  return command === undefined ? null : <OpenDialog key={command.title} command={command} />
}

function OpenDialog({ command }: { readonly command: Asked }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState<Problem>()
  const [isGiving, setGiving] = useState(false)
  const [said, setSaid] = useState<Said>({ because: '', values: {} })
  useEffect(() => dialog.current?.showModal(), [])
  const run = async (version?: number) => {
    setGiving(true)
    setProblem(undefined)
    try {
      notify(await give(command, { ...said, because: said.because.trim() }, version))
      dialog.current?.close()
    } catch (error) {
      const found = problemOf(error)
      setProblem(found)
      setGiving(false)
      // The dialog may have been closed meanwhile: nobody shall believe that it was done.
      if (dialog.current?.open !== true) notify(`${command.title}: ${found.detail}`, 'bad')
    }
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void run()
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" onClose={closeAsked}>
      <form onSubmit={submit}>
        <h2 id="dialog-title">{command.title}</h2>
        <Consequences command={command} />
        <SayWhy command={command} said={said} onSay={setSaid} />
        {problem !== undefined && <ProblemNote problem={problem} />}
        {problem !== undefined && <VersionConflict problem={problem} retry={run} />}
        <div class="dialog-end">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {isGiving ? 'Close' : 'Cancel'}
          </button>
          <button
            type="submit"
            class={`button ${command.isDangerous === true ? 'danger' : 'primary'}`}
            disabled={isGiving}
          >
            {isGiving ? 'Working …' : command.confirm}
          </button>
        </div>
      </form>
    </dialog>
  )
}

function Consequences({ command }: { readonly command: Asked }) {
  return (
    <>
      <h3>What will happen</h3>
      <ul class="dialog-lines">
        {command.does.map((line) => (
          <li key={line}>
            <Prose text={line} />
          </li>
        ))}
      </ul>
      <h3>Going back</h3>
      <p>
        <Prose text={command.back} />
      </p>
    </>
  )
}

interface SayWhyProps {
  readonly command: Asked
  readonly said: Said
  readonly onSay: (said: Said) => void
}

function SayWhy({ command, said, onSay }: SayWhyProps) {
  const { because, fields = [] } = command
  return (
    <>
      {fields.map((field) => (
        <div key={field.name} class="field">
          <label htmlFor={`field-${field.name}`}>{field.label}</label>
          <FieldInput field={field} said={said} onSay={onSay} />
        </div>
      ))}
      {because !== undefined && (
        <label class="field">
          <span>Why {because === 'optional' && <span class="quiet">(the journal keeps it)</span>}</span>
          <input
            name="because"
            value={said.because}
            required={because === 'required'}
            maxLength={500}
            onInput={(event) => onSay({ ...said, because: event.currentTarget.value })}
          />
        </label>
      )}
    </>
  )
}

function FieldInput({ field, said, onSay }: Omit<SayWhyProps, 'command'> & { readonly field: AskedField }) {
  const { name, kind, min = 0, max = 1_000_000, step = 1 } = field
  const value = said.values[name] ?? field.value
  const onInput = (event: { currentTarget: HTMLInputElement }) =>
    onSay({ ...said, values: { ...said.values, [name]: event.currentTarget.value } })
  return kind === 'number' ? (
    <input type="number" id={`field-${name}`} {...{ name, value, min, max, step, onInput }} required />
  ) : (
    <input type="text" id={`field-${name}`} {...{ name, value, onInput }} required maxLength={500} />
  )
}
