// The cases of NodeClientTests.swift: `node node_cases.mjs CASE` in an empty directory that holds the client. Nothing is
// printed; an assertion that fails ends it.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'

const client = path.resolve('stripe-customers.mjs')
const {
  StripeCustomers, CallTimeout, ClientClosed, CustomerNotFound, InvalidParams, InvalidSignature, MethodNotFound, ProcessEnded,
  UserAlreadyExists, version,
} = await import(pathToFileURL(client))

/** A Stripe that answers nothing until `release` is called, and then with a customer. */
async function slowStripe() {
  const waiting = []
  let arrive
  const slow = { isReleased: false, arrived: new Promise((resolve) => { arrive = resolve }) }
  const server = http.createServer((_, response) => {
    response.setHeader('Connection', 'close')
    const answer = () => response.end(JSON.stringify({ id: 'cus_1', object: 'customer', metadata: {} }))
    if (slow.isReleased) return answer()
    waiting.push(answer)
    arrive()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  slow.arguments = ['--api-base', `http://127.0.0.1:${server.address().port}`]
  slow.client = (options) => new StripeCustomers(
    { database: 'slow.sqlite', apiKey: 'sk_test_1', arguments: slow.arguments, ...options })
  slow.release = () => { slow.isReleased = true; waiting.forEach((answer) => answer()) }
  return slow
}

const sandbox = (options) => new StripeCustomers({ database: 'test.sqlite', sandbox: true, ...options })

async function isGone(pid) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (!existsSync(`/proc/${pid}`)) return true
    await sleep(50)
  }
  return false
}

const cases = {
  async calls() {
    const stripe = sandbox()
    const name = 'Ada\u2028Love\u2029lace \u0085 \u{1F600} e\u0301'
    const answer = await stripe.registerUser({ userId: 'u1', email: 'ada@example.com', name, phone: '1' })
    assert.equal(answer.user.name, name)
    const { customerId } = await stripe.ensureCustomerExists({ userId: 'u1' })
    assert.equal((await stripe.getCustomer({ customerId })).name, name)
    // What is left out stays, `null` unsets.
    assert.equal((await stripe.updateUser({ userId: 'u1', phone: null })).user.phone, null)
    assert.equal((await stripe.getUser({ userId: 'u1' })).name, name)
    assert.equal(await stripe.getUser({ userId: 'nobody' }), null)
    assert.equal((await stripe.health()).version, version)
    const { pid } = stripe
    await stripe.close()
    assert(await isGone(pid))
    assert.equal(stripe.pid, undefined)
    await assert.rejects(stripe.ping(), ClientClosed)
  },

  async errors() {
    const stripe = sandbox()
    await stripe.registerUser({ userId: 'u1', email: 'ada@example.com' })
    await assert.rejects(stripe.registerUser({ userId: 'u1', email: 'b@example.com' }), (error) =>
      error instanceof UserAlreadyExists && error.type === 'user_already_exists' && error.code === -32005 &&
      error.retryable === false && error.name === 'UserAlreadyExists')
    await assert.rejects(stripe.getCustomer({ customerId: 'cus_none' }), CustomerNotFound)
    await assert.rejects(stripe.registerUser({ email: 'no address' }), (error) =>
      error instanceof InvalidParams && error.message.includes('/email'))
    await assert.rejects(stripe.call('getCustomers'), (error) =>
      error instanceof MethodNotFound && error.data.suggestion === 'getCustomer' &&
      error.message.endsWith('did you mean getCustomer?'))
  },

  /** An option that nobody knows would be left out without a word. */
  async options() {
    const refused = (options, words) => assert.throws(() => new StripeCustomers(options), (error) =>
      error instanceof TypeError && error.message.includes(words))
    refused({ databse: 'test.sqlite' }, 'no option "databse": did you mean database?')
    refused({ polcy: 'policy.json' }, 'did you mean policy?')
    refused({ account: 'acct_1' }, 'arguments')
    refused('test.sqlite', 'such as { database: … }, and not a string')
    refused(null, 'and not null')
    refused(['--sandbox'], 'and not an array')
    const stripe = sandbox({ policy: undefined })
    for (const [options, words] of [
      [{ idempotencyKey: 'k' }, 'it belongs in meta: { meta: { idempotencyKey: … } }'],
      [{ timeoutMS: 5 }, 'did you mean timeoutMs?'], [{ whatever: 1 }, 'timeoutMs, signal'], ['k', 'and not a string'],
    ]) {
      await assert.rejects(stripe.registerUser({ email: 'ada@example.com' }, options), (error) =>
        error instanceof TypeError && error.message.includes(words))
    }
    assert.equal(stripe.pid, undefined)
    writeFileSync('policy.json', JSON.stringify({ roles: { reader: { methods: ['getUser'] } } }))
    const confined = sandbox({ policy: 'policy.json' })
    await assert.rejects(confined.listUsers(), { type: 'access_denied' })
    await confined.close()
  },

  /** A host hands on what it has, and that may be nothing. */
  async whatIsLeftOut() {
    const stripe = sandbox({ database: 'left-out.sqlite', apiKey: undefined, log: undefined, timeoutMs: undefined })
    const { user } = await stripe.registerUser(
      { userId: 'u1', email: 'ada@example.com', name: undefined, metadata: { plan: 'pro', team: undefined } },
      { meta: { idempotencyKey: undefined }, timeoutMs: undefined, signal: undefined })
    assert.equal(user.name, null)
    assert.deepEqual(user.metadata, { plan: 'pro' })
    assert.equal((await stripe.updateUser({ userId: 'u1', name: 'Ada', phone: undefined })).user.name, 'Ada')
    assert.equal((await stripe.updateUser({ userId: 'u1', name: undefined })).user.name, 'Ada')
    assert.equal((await stripe.updateUser({ userId: 'u1', name: null })).user.name, null)
    const customer = await stripe.createCustomer({ email: 'bob@example.com', address: { city: 'Bonn', line2: undefined } })
    assert.equal(customer.address.city, 'Bonn')
  },

  async bodyOfBytes() {
    const stripe = sandbox({ env: { ...process.env, STRIPE_WEBHOOK_SECRET: 'whsec_1' } })
    const body = Buffer.from(JSON.stringify({ id: 'evt_1', object: 'event', type: 'ping', text: 'ß €' }))
    const signature = (bytes) => {
      const now = Math.floor(Date.now() / 1000)
      return `t=${now},v1=${createHmac('sha256', 'whsec_1').update(`${now}.`).update(bytes).digest('hex')}`
    }
    const foreign = runInNewContext('Uint8Array.from(bytes)', { bytes: [...body] })
    const payloads = [body, new Uint8Array(body), Uint8Array.from(body).buffer, foreign, foreign.buffer, body.toString()]
    for (const payload of payloads) {
      assert.equal((await stripe.handleWebhook({ payload, signature: signature(body) })).eventId, 'evt_1')
    }
    // No UTF-8, so nothing of Stripe's: a refusal like any other.
    const broken = Buffer.from([0xff, 0x7b, 0x7d])
    await assert.rejects(stripe.handleWebhook({ payload: broken, signature: signature(broken) }), InvalidSignature)
  },

  /** A bundler gives classes short names. */
  async minified() {
    let text = readFileSync(client, 'utf8')
    for (const [long, short] of [['UserAlreadyExists', 'a'], ['ProcessEnded', 'b'], ['StripeCustomersError', 'c']]) {
      text = text.replace(new RegExp(`\\b${long}\\b`, 'g'), `${short}_`)
    }
    writeFileSync('minified.mjs', text)
    const bundle = await import(pathToFileURL(path.resolve('minified.mjs')))
    const stripe = new bundle.StripeCustomers({ database: 'minified.sqlite', sandbox: true })
    await stripe.registerUser({ userId: 'u1', email: 'ada@example.com' })
    await assert.rejects(stripe.registerUser({ userId: 'u1', email: 'b@example.com' }), (error) =>
      error instanceof bundle.a_ && error.name === 'UserAlreadyExists' && String(error).startsWith('UserAlreadyExists: '))
    const missing = new bundle.StripeCustomers({ binary: '/nowhere/stripe-customers' })
    await assert.rejects(missing.ping(), (error) => error instanceof bundle.b_ && error.name === 'ProcessEnded')
  },

  async thousandCalls() {
    const stripe = sandbox()
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, number) =>
      stripe.registerUser({ userId: `u${number}`, email: `u${number}@example.com` })))
    answers.forEach((answer, number) => assert.equal(answer.user.id, `u${number}`))
    // Those that name the same user are carried out in the order in which they were made.
    await Promise.all(Array.from({ length: 100 }, (_, number) =>
      stripe.updateUser({ userId: 'u1', name: String(number) })))
    assert.equal((await stripe.getUser({ userId: 'u1' })).name, '99')
  },

  async largeAnswer() {
    const stripe = sandbox()
    const metadata = Object.fromEntries(Array.from({ length: 48 }, (_, number) => [`key${number}`, '\u2028'.repeat(500)]))
    for (let number = 0; number < 8; number += 1) {
      await stripe.createCustomer({ email: `u${number}@example.com`, description: 'x'.repeat(5000), metadata })
    }
    const page = await stripe.listCustomers({ limit: 100 })
    assert.equal(page.data.length, 8)
    assert.deepEqual(page.data[0].metadata, metadata)
    // As it came over the pipe: each U+2028 in six bytes.
    assert(JSON.stringify(page).replaceAll('\u2028', '\\u2028').length > 1 << 20)
  },

  async killInMidCall() {
    const slow = await slowStripe()
    const stripe = slow.client()
    const calls = Array.from({ length: 100 }, (_, number) => stripe.getCustomer({ customerId: `cus_${number}` }))
    const settled = Promise.allSettled(calls)
    await slow.arrived
    const { pid } = stripe
    process.kill(pid, 'SIGKILL')
    for (const { reason } of await settled) {
      assert(reason instanceof ProcessEnded)
      assert.match(reason.message, /killed by SIGKILL/)
    }
    assert(await isGone(pid))
    await stripe.ping()
    assert.notEqual(stripe.pid, pid)
  },

  async callToADeadProcess() {
    const stripe = sandbox()
    await stripe.ping()
    process.kill(stripe.pid, 'SIGKILL')
    // The end has not been seen yet: what is written now meets a closed pipe.
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => stripe.ping()))
    assert(settled.every(({ reason }) => reason instanceof ProcessEnded))
    await stripe.ping()
  },

  async retry() {
    const slow = await slowStripe()
    const stripe = slow.client()
    const call = stripe.getCustomer({ customerId: 'cus_1' }, { retry: true })
    await slow.arrived
    process.kill(stripe.pid, 'SIGSTOP')
    slow.release()
    process.kill(stripe.pid, 'SIGKILL')
    assert.equal((await call).id, 'cus_1')
  },

  async timeout() {
    const slow = await slowStripe()
    const stripe = slow.client()
    await stripe.ping()
    const { pid } = stripe
    await assert.rejects(stripe.getCustomer({ customerId: 'cus_1' }, { timeoutMs: 200 }), CallTimeout)
    await stripe.ping()
    assert.equal(stripe.pid, pid)
    slow.release()
    assert.equal((await stripe.getCustomer({ customerId: 'cus_1' })).id, 'cus_1')
  },

  async cancel() {
    const slow = await slowStripe()
    const stripe = slow.client()
    const controller = new AbortController()
    const call = stripe.getCustomer({ customerId: 'cus_1' }, { signal: controller.signal })
    await slow.arrived
    controller.abort()
    await assert.rejects(call, { name: 'AbortError' })
    await assert.rejects(stripe.ping({}, { signal: AbortSignal.abort() }), { name: 'AbortError' })
    await stripe.ping()
    slow.release()
  },

  async budget() {
    const stripe = sandbox()
    for (let start = 0; start < 5; start += 1) {
      await stripe.ping()
      process.kill(stripe.pid, 'SIGKILL')
      while (stripe.pid) await sleep(5)
    }
    await assert.rejects(stripe.ping(), /5 times within 180 seconds/)
  },

  async failedStart() {
    const missing = new StripeCustomers({ binary: '/nowhere/stripe-customers' })
    for (let start = 0; start < 7; start += 1) {
      await assert.rejects(missing.ping(), (error) =>
        error instanceof ProcessEnded && /^stripe-customers could not.*STRIPE_CUSTOMERS_BINARY/.test(error.message))
    }
    writeFileSync('not-executable', '')
    await assert.rejects(new StripeCustomers({ binary: './not-executable' }).ping(), /EACCES.*executable\?/)
    const { STRIPE_API_KEY, ...env } = process.env
    for (const [options, words] of [[{}, /no Stripe key/], [{ apiKey: 'pk_test_1' }, /not a secret key/]]) {
      // It would be the same again, so it is not tried again.
      const stripe = new StripeCustomers({ database: 'x.sqlite', env, retry: true, ...options })
      const settled = await Promise.allSettled(Array.from({ length: 48 }, () => stripe.call('ping', { x: 'y'.repeat(99999) })))
      for (const { reason } of settled) {
        assert(reason instanceof ProcessEnded && reason.retryable === false && reason.data.exitCode === 78)
        assert.match(reason.message, words)
      }
    }
    await assert.rejects(new StripeCustomers({ arguments: ['--databse'] }).ping(), /exit code 64.*did you mean --database\?/)
  },

  async twoClients() {
    const [one, other] = [sandbox(), sandbox()]
    const { customerId } = await one.registerUser({ userId: 'u1', email: 'ada@example.com' })
    assert.equal((await other.getUser({ userId: 'u1' })).customerId, customerId)
    assert.notEqual(one.pid, other.pid)
  },

  /** The process could not tell whose request it was, and the call would wait for ever. */
  async whatCannotBeSent() {
    const stripe = sandbox()
    const circle = {}
    circle.circle = circle
    for (const name of ['\ud800', 'x\udfff', 'x'.repeat(9 << 20), 1n, circle]) {
      await assert.rejects(stripe.registerUser({ email: 'ada@example.com', name }), /surrogate|too long|BigInt|circular/)
    }
    const name = '\\ud800 \u{1F600}'
    assert.equal((await stripe.registerUser({ email: 'ada@example.com', name })).user.name, name)
  },

  async workers() {
    const start = `const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.client).then(async ({ StripeCustomers }) => {
        const stripe = new StripeCustomers({ database: 'test.sqlite', sandbox: true })
        const { user } = await stripe.registerUser({ userId: workerData.id, email: workerData.id + '@example.com' })
        parentPort.postMessage(user.id)
      })`
    const ids = ['u1', 'u2', 'u3', 'u4']
    const workers = ids.map((id) => new Worker(start, { eval: true, workerData: { id, client: pathToFileURL(client).href } }))
    const registered = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
      let id
      worker.on('message', (message) => { id = message }).on('error', reject).on('exit', () => resolve(id))
    })))
    assert.deepEqual(registered, ids)
  },

  /** Ctrl-C goes to the whole process group: a host that goes on still has its process. */
  async interrupt() {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source(
      `await stripe.ping()
       const { pid } = stripe
       process.on('SIGINT', async () => { await stripe.ping(); console.log(stripe.pid === pid); await stripe.close(); process.exit() })
       console.log('ready'); setInterval(() => {}, 1000)`, ['--sandbox'])], { detached: true })
    let output = ''
    child.stdout.on('data', (piece) => {
      output += piece
      if (String(piece) === 'ready\n') process.kill(-child.pid, 'SIGINT')
    })
    await new Promise((resolve) => child.on('close', resolve))
    assert.equal(output, 'ready\ntrue\n')
  },

  async log() {
    const lines = []
    const stripe = sandbox({ log: (line) => lines.push(line) })
    await stripe.ping()
    await stripe.close()
    assert(lines.length > 0 && lines.every((line) => JSON.parse(line).level))
  },

  /** What another program writes to the same stdout does not concern the client, even if it is JSON. */
  async garbage() {
    const lines = ['1', 'null', '"x"', '[]', '[null]', '{', 'words', '']
    writeFileSync('wrapper', `#!/bin/sh
cat <<'END'
${lines.join('\n')}
END
exec '${process.env.STRIPE_CUSTOMERS_BINARY}' "$@"
`)
    chmodSync('wrapper', 0o755)
    await sandbox({ binary: './wrapper' }).ping()
  },

  async deafProcess() {
    const stripe = sandbox({ graceMs: 200 })
    await stripe.ping()
    const { pid } = stripe
    process.kill(pid, 'SIGSTOP')
    const call = assert.rejects(stripe.call('ping', { x: 'y'.repeat(300000) }), ClientClosed)
    await stripe.close()
    await call
    assert(await isGone(pid))
  },

  async droppedClient() {
    const use = async () => {
      const stripe = sandbox()
      await stripe.ping()
      return stripe.pid
    }
    const pid = await use()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    for (let tries = 0; existsSync(`/proc/${pid}`); tries += 1) {
      assert(tries < 1200)
      collect()
      await sleep(50)
    }
  },

  /** No call pending: the program ends although nobody closed the client, and the process with it. */
  async idleExit() {
    const { status, stdout } = program(`await stripe.ping(); console.log(stripe.pid)`, ['--sandbox'])
    assert.equal(status, 0)
    assert(await isGone(Number(stdout)))
  },

  async exitWithCallsPending() {
    const slow = await slowStripe()
    const child = spawn(process.execPath, ['--input-type=module', '-e', source(
      `stripe.getCustomer({ customerId: 'cus_1' }).catch(() => {})
       setTimeout(() => { console.log(stripe.pid); process.exit(0) }, 500)`, slow.arguments)])
    let output = ''
    child.stdout.on('data', (piece) => { output += piece })
    const [code] = await new Promise((resolve) => child.on('close', (...all) => resolve(all)))
    assert.equal(code, 0)
    slow.release()
    assert(await isGone(Number(output)))
  },

  /** A pending call keeps the program alive until it is answered. */
  async pendingCallHoldsTheProgram() {
    const { status, stdout } = program(`stripe.health().then(() => console.log('answered'))`, ['--sandbox'])
    assert.equal(status, 0)
    assert.equal(stdout, 'answered\n')
  },
}

function source(body, args) {
  return `import { StripeCustomers } from ${JSON.stringify(pathToFileURL(client).href)}
    const stripe = new StripeCustomers({ database: 'exit.sqlite', apiKey: 'sk_test_1', arguments: ${JSON.stringify(args)} })
    ${body}`
}

function program(body, args) {
  return spawnSync(process.execPath, ['--input-type=module', '-e', source(body, args)], {
    encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'inherit'],
  })
}

await cases[process.argv[2]]()
// Without `process.exit`: a client that kept the event loop alive would hang the test.
