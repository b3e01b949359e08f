import type { FunctionComponent } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { watchLags } from '../api/lag-series.ts'
import { CapabilityPage } from '../capability/capability-page.tsx'
import { ComparePage } from '../compare/compare-page.tsx'
import { DataPage } from '../data/data-page.tsx'
import { JournalPage } from '../journal/journal-page.tsx'
import { OverviewPage } from '../overview/overview-page.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { RoutesPage } from '../routes/routes-page.tsx'
import { session, signOut } from '../session/session.ts'
import { ConnectionMark } from './connection-mark.tsx'
import { linkTo, PAGES, type PageName, place } from './location.ts'
import { Notices } from './notices.tsx'
import { setTheme, type Theme, theme } from './theme.ts'

const TITLES: Record<PageName, string> = {
  overview: 'Overview',
  capability: 'Capability',
  routes: 'Routes',
  compare: 'Compare',
  data: 'Data',
  journal: 'Journal',
}

const COMPONENTS: Record<PageName, FunctionComponent> = {
  overview: OverviewPage,
  capability: CapabilityPage,
  compare: ComparePage,
  data: DataPage,
  routes: RoutesPage,
  journal: JournalPage,
}

export function Shell() {
  const { page } = place.value
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = `${TITLES[page]} · Strangler`
    // Whoever hears the page rather than sees it is taken to what is new.
    if (!isFirst.current) {
      window.scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    isFirst.current = false
  }, [page])
  useEffect(watchLags, [])
  const Page = COMPONENTS[page]
  return (
    <div class="shell">
      <button type="button" class="button skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href={linkTo('overview')}>
          <img src="/dashboard/mark.svg" alt="" width="24" height="24" />
          <span>Strangler</span>
        </a>
        <nav class="nav" aria-label="Pages">
          {PAGES.map((name) => (
            <a key={name} href={linkTo(name)} aria-current={name === page ? 'page' : undefined}>
              {TITLES[name]}
            </a>
          ))}
        </nav>
        <div class="top-end">
          <ConnectionMark />
          <ThemeChoice />
          <Whoami />
        </div>
      </header>
      <main id="main" class="main" tabIndex={-1} ref={main}>
        <Page />
      </main>
      <Notices />
      <ConfirmDialog />
    </div>
  )
}

function ThemeChoice() {
  return (
    <label class="theme">
      <span class="visually-hidden">Colours</span>
      <select
        value={theme.value}
        onChange={(event) => setTheme((event.currentTarget as HTMLSelectElement).value as Theme)}
      >
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  )
}

function Whoami() {
  const state = session.value
  if (state.state !== 'in') return null
  return (
    <>
      <span class="role" title={state.role === 'viewer' ? 'You may look, not change.' : 'You may change.'}>
        {state.role}
      </span>
      <button type="button" class="button plain" onClick={() => void signOut()}>
        Sign out
      </button>
    </>
  )
}
