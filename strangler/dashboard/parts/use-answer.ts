import { useEffect, useState } from 'preact/hooks'
import { ask, problemOf } from '../api/ask.ts'
import type { Heard } from '../api/live.ts'

/** What an address answers now: `again` asks anew, and so does every change of the address. */
export interface Answer<T> {
  readonly heard: Heard<T>
  readonly again: () => void
}

/**
 * Asks once, or every so often. What was answered before stays while a newer answer is awaited.
 * @param path undefined: asks nothing
 * @param sign asks anew when it changes
 */
export function useAnswer<T>(path: string | undefined, everyMs?: number, sign?: unknown): Answer<T> {
  const [state, setState] = useState<{ path?: string; heard: Heard<T> }>({ heard: {} })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === undefined) return
    const leaving = new AbortController()
    let timer: number | undefined
    const look = async () => {
      try {
        const data = await ask<T>(path, { signal: leaving.signal })
        if (!leaving.signal.aborted) setState({ path, heard: { data } })
      } catch (error) {
        const problem = problemOf(error)
        if (!leaving.signal.aborted)
          setState((old) => ({ path, heard: old.path === path ? { ...old.heard, problem } : { problem } }))
      }
      if (everyMs !== undefined && !leaving.signal.aborted) timer = window.setTimeout(look, everyMs)
    }
    void look()
    return () => {
      leaving.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs, turn, sign])
  return { heard: state.path === path ? state.heard : {}, again: () => setTurn((last) => last + 1) }
}
