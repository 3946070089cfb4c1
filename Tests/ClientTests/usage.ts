// What a program in TypeScript writes. Each line below a `@ts-expect-error` has to be refused by the compiler.

import { CustomerNotFound, StripeCustomers, type Customer, type User } from './stripe-customers'

const stripe = new StripeCustomers({ database: 'customers.sqlite', sandbox: true })

export async function right(): Promise<string> {
  const { user, sync } = await stripe.registerUser({ email: 'ada@example.com', metadata: { plan: 'pro' } })
  const state: 'synced' | 'pending' | 'parked' = sync.state
  await stripe.updateUser({ userId: user.id, name: null }, { timeoutMs: 5000, meta: { idempotencyKey: 'k1' } })
  const { customerId, created } = await stripe.ensureCustomerExists({ userId: user.id, verify: true })
  const customer: Customer = await stripe.getCustomer({ customerId })
  const found: User | null = await stripe.getUserByEmail({ email: 'ada@example.com' })
  const page = await stripe.listCustomers({ limit: 10 })
  const emails: (string | null | undefined)[] = page.data.map((each) => each.email)
  await stripe.ping()
  await stripe.ping({}, { signal: new AbortController().signal, onProgress: (value) => console.log(value) })
  try { await stripe.deleteCustomer({ customerId, force: true }) } catch (error) {
    if (error instanceof CustomerNotFound) console.log(error.code, error.data.customerId)
  }
  return [state, created, customer.preferred_locales, found?.name, emails].join()
}

export async function optional(name: string | undefined, body: ArrayBuffer): Promise<void> {
  const user = await stripe.registerUser({ email: 'ada@example.com', name, phone: undefined }, { timeoutMs: undefined })
  await stripe.updateUser({ userId: user.user.id, name, phone: null })
  await stripe.createCustomer({ email: 'ada@example.com', name, address: { line1: '1 Main Street', line2: undefined } })
  for (const payload of ['{}', new Uint8Array(body), body]) await stripe.handleWebhook({ payload, signature: 't=1,v1=00' })
}

export async function wrong(): Promise<void> {
  // @ts-expect-error a field that does not exist
  await stripe.registerUser({ email: 'ada@example.com', fullName: 'Ada' })
  // @ts-expect-error a required field left out
  await stripe.registerUser({ name: 'Ada' })
  // @ts-expect-error a field of another type
  await stripe.getCustomer({ customerId: 42 })
  // @ts-expect-error an unset email address
  await stripe.updateUser({ userId: 'u1', email: null })
  // @ts-expect-error a value that is not among the allowed ones
  await stripe.createCustomer({ email: 'ada@example.com', onDuplicateEmail: 'ignore' })
  // @ts-expect-error a wrong field deep inside
  await stripe.createCustomer({ email: 'ada@example.com', address: { town: 'London' } })
  // @ts-expect-error an object in place of the body
  await stripe.handleWebhook({ payload: {}, signature: 't=1,v1=00' })
  // @ts-expect-error a method that does not exist
  await stripe.getCustomers({})
  // @ts-expect-error params of a method that takes none
  await stripe.ping({ loud: true })
  // @ts-expect-error a result that may be null
  const name: string = (await stripe.getUser({ userId: 'u1' })).email
  // @ts-expect-error an unknown option
  new StripeCustomers({ datbase: 'customers.sqlite' })
  console.log(name)
}
