import type { ComponentChildren } from 'preact'
import type { Heard } from '../api/live.ts'
import { ProblemNote } from './problem-note.tsx'

interface HeardBlockProps<T> {
  readonly of: Heard<T>
  /** What is being waited for: "the routes". */
  readonly what: string
  readonly children: (data: T) => ComponentChildren
}

/** Shows a topic; before it has said anything that it is waited for, and when it fails why, above what was known last. */
export function HeardBlock<T>({ of, what, children }: HeardBlockProps<T>) {
  const { data, problem } = of
  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {data !== undefined && children(data)}
      {data === undefined && problem === undefined && <Waiting for={what} />}
    </>
  )
}

export function Waiting(props: { readonly for: string }) {
  return (
    <div class="waiting" role="status">
      <span class="waiting-bar" aria-hidden="true" />
      <span>Waiting for {props.for} …</span>
    </div>
  )
}

export function Nothing({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class="nothing">
      <p class="nothing-title">{title}</p>
      {children !== undefined && <p class="quiet">{children}</p>}
    </div>
  )
}
