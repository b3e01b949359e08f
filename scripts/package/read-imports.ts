const FROM = /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm
const BARE = /^\s*import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
const REQUIRED = /import\.meta\.url\)\.resolve\(['"]([^'"]+)['"]\)/g

/** What compiled files and their types name: `from './a.js'`, `import './a.js'`, `import('./a.js')`, `require.resolve('a')`. */
export function readSpecifiers(text: string): string[] {
  return [FROM, BARE, DYNAMIC, REQUIRED].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, specifier = '']) => specifier),
  )
}

/** The package of a specifier: `mysql2` of `mysql2/promise`; undefined for files and for Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./#]|^node:|^data:/.test(specifier)) return undefined
  const [scope = '', name] = specifier.split('/')
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}
