/** Two answers' texts, and at how many places their values differ. */
export interface BodyPair {
  readonly name: 'sameValue' | 'fewDiffer' | 'manyDiffer'
  readonly primary: string
  readonly shadow: string
  readonly differing: number
}

/** Pairs of about that size each: equal values in other bytes, three wrong values, and one wrong value in every record. */
export function makeBodyPairs(bytes: number): BodyPair[] {
  const records = Math.max(3, Math.round(bytes / 229))
  const shop = { page: 1, categories: makeCategories(records) }
  const primary = JSON.stringify(shop)
  const all = shop.categories.flatMap(({ items }) => items)
  const change = (indexes: ReadonlySet<number>) =>
    JSON.stringify({
      ...shop,
      categories: makeCategories(records, (record, index) =>
        indexes.has(index) ? { ...record, price: record.price + 1 } : record,
      ),
    })
  const few = new Set([0, all.length >> 1, all.length - 1])
  const every = new Set(all.keys())
  return [
    // The members of the outermost object the other way round: not one byte stands where it stood.
    {
      name: 'sameValue',
      primary,
      shadow: JSON.stringify({ categories: shop.categories, page: 1 }),
      differing: 0,
    },
    { name: 'fewDiffer', primary, shadow: change(few), differing: few.size },
    { name: 'manyDiffer', primary, shadow: change(every), differing: every.size },
  ]
}

const PER_CATEGORY = 200

type Item = ReturnType<typeof makeItem>

function makeCategories(records: number, edit: (item: Item, index: number) => Item = (item) => item) {
  return Array.from({ length: Math.ceil(records / PER_CATEGORY) }, (_, category) => ({
    name: `Category ${category}`,
    items: Array.from({ length: Math.min(PER_CATEGORY, records - category * PER_CATEGORY) }, (_, at) =>
      edit(makeItem(category * PER_CATEGORY + at), category * PER_CATEGORY + at),
    ),
  }))
}

/** A record as shops have them. Without chance: every run compares the same bodies. */
function makeItem(id: number) {
  const scattered = (id * 7_919) % 99_991
  return {
    id,
    sku: `SKU-${scattered}`,
    name: `Item number ${id} of the “sample” shop`,
    price: scattered / 100,
    stock: scattered % 500,
    active: scattered % 3 > 0,
    tags: ['sale', `c${scattered % 17}`],
    size: { width: scattered % 90, height: 2.5, depth: null },
    updatedAt: new Date(1_700_000_000_000 + scattered * 1_000).toISOString(),
  }
}
