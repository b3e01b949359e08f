import type { Category, Product } from '../catalogue/catalogue-entities.ts'
import type { Stock, Warehouse } from '../inventory/inventory-entities.ts'
import type { Order, OrderItem } from '../orders/order-entities.ts'
import { hashPassword } from '../users/passwords.ts'
import type { User } from '../users/user-entities.ts'
import type { SeededRandom } from './seeded-random.ts'

export const DEMO_PASSWORD = 'password'
const OPENED_AT = Date.UTC(2025, 0, 1)
const DAY_MS = 86_400_000

export const CATEGORIES: readonly Category[] = [
  { slug: 'kitchen', name: 'Kitchen' },
  { slug: 'garden', name: 'Garden' },
  { slug: 'office', name: 'Office' },
  { slug: 'workshop', name: 'Workshop' },
  { slug: 'travel', name: 'Travel' },
  { slug: 'music', name: 'Music' },
]

export const WAREHOUSES: readonly Warehouse[] = [
  { code: 'BER', name: 'Berlin Süd', city: 'Berlin' },
  { code: 'LYO', name: 'Lyon Gerland', city: 'Lyon' },
  { code: 'PRG', name: 'Praha Letňany', city: 'Praha' },
]

const MATERIALS = ['Oak', 'Steel', 'Linen', 'Copper', 'Cork', 'Glass', 'Wool', 'Bamboo'] as const
const THINGS = [
  'bowl',
  'lamp',
  'brush',
  'chair',
  'kettle',
  'basket',
  'notebook',
  'rake',
  'strap',
  'tuner',
] as const

export const skuOf = (number: number) => `SKU-${String(number).padStart(5, '0')}`

/** user1 is staff, the last one is the orders service's own account, everybody else a customer. All share one password. */
export function seedUsers(count: number): Promise<Omit<User, 'id'>[]> {
  const people = Array.from({ length: count }, (_, index) => person(index + 1))
  return Promise.all([...people, service()])
}

async function person(number: number): Promise<Omit<User, 'id'>> {
  return {
    email: `user${number}@example.com`,
    name: `User ${number}`,
    role: number === 1 ? 'staff' : 'customer',
    passwordHash: await hashPassword(DEMO_PASSWORD, Buffer.from(String(number).padStart(16, '0'))),
    createdAt: new Date(OPENED_AT + number * 60_000),
  }
}

async function service(): Promise<Omit<User, 'id'>> {
  return {
    ...(await person(0)),
    email: 'orders-service@example.com',
    name: 'Orders service',
    role: 'service',
  }
}

export function seedProduct(number: number, random: SeededRandom): Product {
  const name = `${random.pick(MATERIALS)} ${random.pick(THINGS)} ${number}`
  return {
    sku: skuOf(number),
    name,
    description: `A ${name.toLowerCase()}, made to last.`,
    categorySlug: CATEGORIES[random.between(0, CATEGORIES.length - 1)]?.slug ?? 'kitchen',
    priceCents: random.between(199, 24_999),
    weightGrams: random.between(50, 12_000),
    version: 1,
    updatedAt: new Date(OPENED_AT + random.between(0, 90) * DAY_MS),
  }
}

/** One row in each warehouse; about one in twenty is empty, so that the list of low stock is not. */
export function seedStock(product: Product, random: SeededRandom): Stock[] {
  return WAREHOUSES.map((warehouse) => ({
    sku: product.sku,
    warehouse: warehouse.code,
    onHand: random.between(1, 20) === 1 ? 0 : random.between(5, 250),
    reserved: 0,
    reorderPoint: random.between(2, 12),
    unitCostCents: Math.max(1, Math.round(product.priceCents * 0.61)),
    updatedAt: new Date(OPENED_AT + random.between(90, 180) * DAY_MS),
  }))
}

interface OrderSources {
  readonly products: readonly Product[]
  readonly users: readonly unknown[]
  readonly random: SeededRandom
}

/** An order of the past: its stock has left long ago, so it holds no reservation. */
export function seedOrder(id: number, { products, users, random }: OrderSources) {
  const first = random.between(0, products.length - 1)
  const items: OrderItem[] = Array.from(
    { length: random.between(1, Math.min(3, products.length)) },
    (_, index) => {
      const product = products[(first + index) % products.length] as Product
      const { sku, name, priceCents } = product
      return {
        orderId: id,
        line: index + 1,
        sku,
        name,
        quantity: random.between(1, 4),
        unitPriceCents: priceCents,
      }
    },
  )
  const at = new Date(OPENED_AT + random.between(1, 200) * DAY_MS + random.between(0, DAY_MS - 1))
  const order: Omit<Order, 'id'> = {
    reference: `seed-${String(id).padStart(7, '0')}`,
    userId: random.between(1, users.length - 1),
    status: random.between(1, 10) === 1 ? 'cancelled' : 'shipped',
    totalCents: items.reduce((sum, item) => sum + item.quantity * item.unitPriceCents, 0),
    currency: 'EUR',
    idempotencyKey: null,
    reservationId: null,
    placedAt: at,
    updatedAt: at,
  }
  return { order, items }
}
