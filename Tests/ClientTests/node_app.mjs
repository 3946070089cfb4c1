// A website in plain Node whose users are Stripe customers: POST /users/ID registers one, GET /users/ID/customer shows it.

import http from 'node:http'
import { StripeCustomers, StripeCustomersError } from './stripe-customers.mjs'

const stripe = new StripeCustomers({ database: 'app.sqlite', sandbox: true, timeoutMs: 60_000 })

async function form(request) {
  let body = ''
  for await (const piece of request.setEncoding('utf8')) body += piece
  return Object.fromEntries(new URLSearchParams(body))
}

async function answer(request) {
  const [, users, userId, part] = request.url.split('/')
  if (users === 'users' && request.method === 'POST') {
    return [201, await stripe.registerUser({ userId, ...(await form(request)) })]
  }
  if (users === 'users' && part === 'customer') {
    const { customerId } = await stripe.ensureCustomerExists({ userId })
    return [200, await stripe.getCustomer({ customerId })]
  }
  return [404, { error: 'not_found' }]
}

const server = http.createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => {
    if (!(error instanceof StripeCustomersError)) return [500, { error: 'internal' }]
    return [error.retryable ? 503 : 400, { error: error.type, message: error.message }]
  })
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
