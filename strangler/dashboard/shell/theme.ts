import { type ReadonlySignal, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'strangler.theme'
const current = signal<Theme>(read())
export const theme: ReadonlySignal<Theme> = current

export function applyTheme(): void {
  const { dataset } = document.documentElement
  if (current.value === 'system') delete dataset['theme']
  else dataset['theme'] = current.value
}

export function setTheme(next: Theme): void {
  localStorage.setItem(KEY, next)
  current.value = next
  applyTheme()
}

function read(): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}
