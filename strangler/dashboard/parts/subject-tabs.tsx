import { linkTo, type PageName } from '../shell/location.ts'

interface SubjectTabsProps {
  readonly page: PageName
  readonly names: readonly string[]
  readonly shown: string
}

/** The capabilities that a page can be about. */
export function SubjectTabs({ page, names, shown }: SubjectTabsProps) {
  return (
    <nav class="tabs" aria-label="Capabilities">
      {names.map((name) => (
        <a key={name} href={linkTo(page, name)} aria-current={name === shown ? 'true' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}
