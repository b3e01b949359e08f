/** Why nothing is learnt of a service whose address is the monolith's. */
export function describeMonolithAsService(side: string): string {
  return `\`sides.${side}\` is the monolith's own address: the monolith is held against itself, which says nothing of a service.`
}
