"""localstripe as it is, in memory, on a free port of 127.0.0.1.

Prints the port. Then prints all customers as a JSON array, one line, for each line that it reads; ends with its input.
"""

import asyncio
import json
import sys

from localstripe.resources import Store, store

# It writes all its objects to one file in /tmp after each change otherwise.
Store.dump_to_disk = lambda self: None

from aiohttp import web  # noqa: E402
from localstripe.server import app  # noqa: E402


def customers():
    found = [value for key, value in store.items() if key.startswith("customer:")]
    return [{"id": c.id, "email": c.email, "name": c.name, "metadata": c.metadata} for c in found]


async def main():
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(customers()), flush=True)


asyncio.run(main())
