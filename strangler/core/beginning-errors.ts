/** The part of the catalogue about beginning: a first configuration, a first service. */
export const BEGINNING_ERRORS = {
  STRANGLER_FILE_EXISTS: {
    status: 409,
    title: 'A file is there already',
    when: '`strangler init` and `strangler extract` write files that are yours from then on, and the place has one. Nothing was written.',
    help: 'Name another place with `--out`, or add `--force` to replace what is there.',
  },
  STRANGLER_NOTHING_LEARNT: {
    status: 409,
    title: 'No endpoint was learnt',
    when: '`strangler init` has read a document without endpoints, or nobody has sent a request through the port it watched.',
    help: 'Send the requests of your application to the port that `strangler init` names, for longer (`--observe 600`); or give it the OpenAPI document with `--openapi`.',
  },
  STRANGLER_OPENAPI_UNREADABLE: {
    status: 400,
    title: 'The OpenAPI document cannot be read',
    when: '`--openapi` of `strangler init` names a file or an address that does not answer, is not JSON or YAML, or has no `paths`.',
    help: 'Give it OpenAPI 3 or Swagger 2.0, as JSON or YAML; many frameworks serve theirs at `/openapi.json`.',
  },
  STRANGLER_EXTRACT_REFUSED: {
    status: 409,
    title: 'No service can be written for this capability',
    when: '`strangler extract` does not find what it writes a service from: the address of the monolith’s database, or a table that the capability names.',
    help: 'Set `sides.monolith.database`, and correct `capabilities.<name>.tables` as the message says.',
  },
} as const
