import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')
const AREAS = ['docs', 'monolith', 'extracted', 'strangler', 'deploy']

/** Every document of the project: path from the root to its text. */
export async function readDocuments(): Promise<Record<string, string>> {
  const top = (await readdir(root)).filter((name) => name.endsWith('.md'))
  const inner = await Promise.all(
    AREAS.map(async (area) => {
      const names = await readdir(path.join(root, area), { recursive: true })
      return names.filter((name) => name.endsWith('.md')).map((name) => path.join(area, name))
    }),
  )
  const files = [...top, ...inner.flat()].filter((file) => !file.includes('node_modules'))
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file, await readFile(path.join(root, file), 'utf8')] as const),
    ),
  )
}

/** The command lines of a document that a reader would copy: those of its shell blocks. */
export function findCommandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^[ \t]*```(?:sh|bash|console|text)\n([\s\S]*?)^[ \t]*```/gm)]
  return blocks
    .flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .flatMap((line) => line.split(/&&|;|\|/))
    .map((line) => line.trim())
    .filter(isCommandLine)
}

/** The commands that a document mentions in its text: `strangler proxy evict`, with or without what belongs behind it. */
export function findMentions(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)]
    .map(([, line = '']) => line.split(' | ')[0] ?? '')
    .filter(isCommandLine)
}

function isCommandLine(line: string): boolean {
  return /^(npx )?strangler\s/.test(line)
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```/gm, '')
}

/** The words of a command line as a shell would part them. */
export function splitWords(line: string): string[] {
  const plain = line.replace(/\s+#.*$/, '')
  return [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
}

/** The targets of links to files, with their anchor. */
export function findLinks(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function listAnchors(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
