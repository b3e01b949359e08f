import { Parser } from 'htmlparser2'
import type { LiftedBody } from './lift-body.ts'
import { DEEPEST } from './lift-json.ts'
import { isSecretName } from './secret-names.ts'

/** An element: its attributes as `@name`, its own text as `#text`, and its children by their tag. */
type Element = Record<string, string | Element[]>

/**
 * HTML or XML as its text and attributes. Comments, doctype, the order of attributes and how much space stands between words mean
 * nothing. Children are listed by tag, so that a new `<p>` does not move every `<div>`. The parser is htmlparser2: to read what
 * browsers read is nothing to write anew.
 */
export function liftMarkup(text: string, format: 'html' | 'xml'): LiftedBody {
  const root = emptyElement()
  const open: { element: Element; text: string[] }[] = [{ element: root, text: [] }]
  let deepest = 0
  const close = () => {
    const closed = open.pop()
    const words = closed?.text.join('').replaceAll(/\s+/g, ' ').trim() ?? ''
    if (closed !== undefined && words !== '') closed.element['#text'] = words
  }
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const element = emptyElement()
        const isSecret = attributes['type'] === 'password' || isSecretName(attributes['name'] ?? '')
        for (const [key, value] of Object.entries(attributes)) element[nameOf(key, isSecret)] = value
        const parent = open.at(-1)
        addChild(parent?.element ?? root, name, element)
        parent?.text.push(' ')
        open.push({ element, text: [] })
        deepest = Math.max(deepest, open.length)
      },
      ontext: (words) => open.at(-1)?.text.push(words),
      onclosetag: close,
    },
    { xmlMode: format === 'xml', recognizeCDATA: true },
  )
  parser.end(text)
  while (open.length > 0) close()
  // Every level of elements is two of the value: the list of a tag, and the element.
  return deepest * 2 > DEEPEST ? { kind: 'skipped', reason: 'too-deep' } : { kind: 'value', value: root }
}

/** What `<input name="csrf_token" value="…">` and `<meta name="csrf-token" content="…">` hold is compared, and shown nowhere. */
function nameOf(attribute: string, isSecret: boolean): string {
  return isSecret && (attribute === 'value' || attribute === 'content') ? '@secret' : `@${attribute}`
}

/** Without a prototype: an element may be called `constructor`. */
function emptyElement(): Element {
  return Object.create(null)
}

function addChild(parent: Element, name: string, child: Element): void {
  const children = parent[name]
  if (Array.isArray(children)) children.push(child)
  else parent[name] = [child]
}
