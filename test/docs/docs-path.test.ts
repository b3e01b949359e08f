import { expect, test } from 'vitest'
import { docsPath } from '../../strangler/core/docs-path.ts'

test('a page is named by its place in the clone, or in the package of the project', () => {
  const page = 'reference/errors.md'
  expect(docsPath(page)).toBe('docs/reference/errors.md')
  const installed = 'file:///home/shop/node_modules/strangler-kit/dist/core/docs-path.js'
  expect(docsPath(page, installed)).toBe('node_modules/strangler-kit/docs/reference/errors.md')
  const nested = 'file:///srv/node_modules/.store/node_modules/@our/kit/dist/x.js'
  expect(docsPath(page, nested)).toBe('node_modules/@our/kit/docs/reference/errors.md')
})
