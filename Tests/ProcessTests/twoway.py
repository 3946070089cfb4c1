"""Users and customers under random edits on both sides, with localstripe's own webhooks between them.

usage: twoway.py BINARY FIRST_SEED LAST_SEED

For each seed: a process, a localstripe that delivers its events to a small host, and the host, which forwards each to
handleWebhook, while users are changed here and customers there. When nothing has happened for a while, every user must
equal its customer and reconcile must find nothing. Prints one JSON line for each seed; exit status 1 if any failed.
"""

import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile

import aiohttp
from aiohttp import web
from localstripe.resources import Store, store

# It writes all its objects to one file in /tmp after each change otherwise.
Store.dump_to_disk = lambda self: None

from localstripe.server import app as localstripe_app  # noqa: E402

SECRET = "whsec_twoway"
KEY = "sk_test_twoway"
USERS = 4
EDITS = 40
QUIET = 2.5
# Seconds; a hang, however busy the machine is.
HANG = 120


async def serve(app):
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"


def is_delivering():
    """Whether localstripe has an event on its way: it delivers a second after the change, or later."""
    return any(task.get_coro().__name__ == "_send_webhook" for task in asyncio.all_tasks())


class Service:
    """The process, spoken to as a host does."""

    async def start(self, binary, database, stripe, *arguments):
        environment = dict(os.environ, STRIPE_API_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET)
        self.process = await asyncio.create_subprocess_exec(
            binary, "--database", database, "--api-base", stripe, "--rate-limit", "0", "--log-level", "error",
            *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment, limit=1 << 24)
        self.waiting, self.count = {}, 0
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            self.waiting.pop(answer["id"]).set_result(answer)

    async def call(self, method, **params):
        self.count += 1
        future = self.waiting[self.count] = asyncio.get_running_loop().create_future()
        request = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        answer = await asyncio.wait_for(future, HANG)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def end(self):
        self.process.stdin.close()
        await self.process.wait()


class Run:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.effects = {}
        self.last_event = 0.0
        self.forwarding = 0
        self.addresses = 0

    async def webhook(self, request):
        """The host's webhook endpoint: passes on the body as it came, and the signature."""
        self.forwarding += 1
        try:
            payload, signature = (await request.read()).decode(), request.headers["Stripe-Signature"]
            result = await self.service.call("handleWebhook", payload=payload, signature=signature)
            effect = result["effect"]
            self.effects[effect] = self.effects.get(effect, 0) + 1
            if effect == "unlinked":
                await self.service.call("ensureCustomerExists", userId=result["userId"])
        finally:
            self.forwarding -= 1
            self.last_event = asyncio.get_running_loop().time()
        return web.Response()

    def edit(self):
        field = self.random.choice(["name", "phone", "email"])
        if field == "email":
            self.addresses += 1
            return {"email": f"new{self.addresses}@example.com"}
        value = f"{field[0]}{self.random.randrange(1000)}"
        return {field: value if self.random.random() < 0.8 else None}

    async def change(self, session, stripe, database):
        user = f"u{self.random.randrange(USERS)}"
        choice = self.random.random()
        if choice < 0.4:
            await self.service.call("updateUser", userId=user, **self.edit())
        elif choice < 0.5:
            # Another program writes to the table.
            (field, value), = self.edit().items()
            connection = sqlite3.connect(database, timeout=20)
            connection.execute(f"UPDATE users SET {field} = ? WHERE id = ?", (value, user))
            connection.commit()
            connection.close()
        else:
            customer = (await self.service.call("getUser", userId=user))["customerId"]
            if customer is None:
                return
            url = f"{stripe}/v1/customers/{customer}"
            if choice < 0.53:
                await session.delete(url)
            else:
                data = {name: value or "" for name, value in self.edit().items()}
                await session.post(url, data=data)

    async def quiet(self):
        loop = asyncio.get_running_loop()
        end = loop.time() + HANG
        while loop.time() < end:
            status = await self.service.call("getSyncStatus")
            idle = (not is_delivering() and self.forwarding == 0
                    and status["pending"] == 0 and status["intents"] == 0)
            if not idle:
                self.last_event = loop.time()
            if loop.time() - self.last_event > QUIET:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("it does not become quiet")

    async def differences(self):
        found = []
        for user in (await self.service.call("listUsers", limit=100))["data"]:
            customer = store.get(f"customer:{user['customerId']}")
            for field in ["email", "name", "phone"]:
                have = (getattr(customer, field, None) or None) if customer else None
                if have != user[field]:
                    found.append({"user": user["id"], "field": field, "row": user[field], "stripe": have})
        return found

    async def go(self, binary, stripe):
        loop = asyncio.get_running_loop()
        hook = web.Application(client_max_size=1 << 24)
        hook.router.add_post("/", self.webhook)
        endpoint = await serve(hook)
        with tempfile.TemporaryDirectory() as directory:
            database = os.path.join(directory, "twoway.sqlite")
            self.service = Service()
            await self.service.start(binary, database, stripe, "--stripe-wins", "email,name,phone")
            async with aiohttp.ClientSession(auth=aiohttp.BasicAuth(KEY, "")) as session:
                events = ["customer.created", "customer.updated", "customer.deleted"]
                await session.delete(f"{stripe}/_config/data")
                await session.post(
                    f"{stripe}/_config/webhooks/w", json={"url": endpoint, "secret": SECRET, "events": events})
                for number in range(USERS):
                    await self.service.call("registerUser", userId=f"u{number}", email=f"u{number}@example.com")
                for _ in range(EDITS):
                    await self.change(session, stripe, database)
                    await asyncio.sleep(self.random.random() * 0.15)
                self.last_event = loop.time()
                await self.quiet()
                differences = await self.differences()
                report = await self.service.call("reconcile")
                await session.delete(f"{stripe}/_config/webhooks/w")
            await self.service.end()
        return {"effects": self.effects, "differences": differences, "findings": report["findings"]}


async def main(binary, first, last):
    stripe = await serve(localstripe_app)
    failed = False
    for seed in range(first, last + 1):
        result = await Run(seed).go(binary, stripe)
        failed = failed or bool(result["differences"] or result["findings"])
        print(json.dumps({"seed": seed, **result}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
