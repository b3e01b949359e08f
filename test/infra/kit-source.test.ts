import { expect, test } from 'vitest'
import { kitSource } from '../../strangler/infra/kit-source.ts'

const places = { project: '/home/ana/shop', kit: '/home/ana/shop/node_modules/strangler-kit' }
const service = '/home/ana/shop/services/books'

test.each([
  ['file:strangler-kit-0.1.0.tgz', 'file:../../strangler-kit-0.1.0.tgz'],
  ['file:../strangler', 'file:../../../strangler'],
  ['link:../strangler', 'file:../../../strangler'],
  ['file:/opt/strangler-kit-0.1.0.tgz', 'file:../../../../../opt/strangler-kit-0.1.0.tgz'],
  ['^1.2.0', '^1.2.0'],
  ['git+https://example.com/strangler.git', 'git+https://example.com/strangler.git'],
  [undefined, 'file:../../node_modules/strangler-kit'],
])('a project that has the kit by %j gives a service %j', (wanted, expected) => {
  expect(kitSource({ ...places, wanted, service })).toBe(expected)
})
