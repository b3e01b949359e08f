/** Where a page of the documents is, as seen from the project that somebody works in: a clone has them at its top, elsewhere they came with the package. */
export function docsPath(page: string, from = import.meta.url): string {
  const [, folder] = /^.*\/(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(from) ?? []
  return folder === undefined ? `docs/${page}` : `${folder}/docs/${page}`
}
