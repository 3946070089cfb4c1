"""Times the process at its work, each round paired with a reference that does the least that the work needs.

Usage: benchmark.py BINARY ROUNDS. Prints the median seconds of both and of the rounds' ratios. A ratio says more than
seconds, which belong to one machine; nothing here is ever asserted.
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

BINARY, ROUNDS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
SERVER = pathlib.Path(__file__).parents[1] / "ProcessTests" / "localstripe_server.py"

# The least that a server of JSON-RPC over lines can do.
ECHO = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {}}), flush=True)
"""


def line(number, method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"


def pipe(command, text, answers, environment=None):
    """Writes everything at once and reads all the answers."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})})
    writer = threading.Thread(target=lambda: (process.stdin.write(text.encode()), process.stdin.close()))
    writer.start()
    lines = process.stdout.read().splitlines()
    writer.join()
    if process.wait() != 0 or len(lines) != answers:
        sys.exit("{} answers of {}, exit {}".format(len(lines), answers, process.returncode))
    return lines


def sandbox(database=":memory:"):
    return [BINARY, "--sandbox", "--database", database, "--log-level", "error"]


def piped(text, answers):
    return (
        timed(lambda _: pipe(sandbox(), text, answers)),
        timed(lambda _: pipe([sys.executable, "-c", ECHO], text, answers)))


def registrations(count):
    return "".join(
        line(i, "registerUser", userId="user_%d" % i, email="user%d@example.com" % i, name="User %d" % i)
        for i in range(count))


def commit_each(count, directory):
    """One durable commit for each of the rows, one after the other."""
    database = sqlite3.connect(os.path.join(directory, "reference.sqlite"), isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT)")
    for i in range(count):
        database.execute("INSERT INTO users VALUES (?, ?, ?)", ("user_%d" % i, "user%d@example.com" % i, "User"))
    database.close()


def register_over_http(count, directory, port):
    environment = {"STRIPE_API_KEY": "sk_test_benchmark"}
    command = [
        BINARY, "--database", os.path.join(directory, "http.sqlite"), "--api-base", "http://127.0.0.1:%d" % port,
        "--rate-limit", "0", "--log-level", "error"]
    lines = pipe(command, registrations(count), count, environment)
    if any(b'"synced"' not in answer for answer in lines):
        sys.exit("not every user got a customer")


def look_up_and_create(count, port, threads=16):
    """The same two calls a user, from connections that are kept, with nothing stored here."""
    local = threading.local()

    def one(i):
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": "Bearer sk_test_benchmark", "Content-Type": "application/x-www-form-urlencoded"}
        email = "reference%d-%d@example.com" % (i, time.monotonic_ns())
        for method, path, body in (
            ("GET", "/v1/customers?" + urllib.parse.urlencode({"email": email, "limit": 3}), None),
            ("POST", "/v1/customers", urllib.parse.urlencode({"email": email, "name": "User"})),
        ):
            local.connection.request(method, path, body, headers)
            response = local.connection.getresponse()
            response.read()
            if response.status != 200:
                sys.exit("localstripe answered %d" % response.status)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(count)))


def timed(work):
    def side(directory):
        start = time.perf_counter()
        work(directory)
        return time.perf_counter() - start

    return side


def timed_with_localstripe(work):
    """localstripe looks through all it has for an address, so each side of each round gets one of its own."""
    def side(directory):
        server = subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            port = int(server.stdout.readline())
            return timed(lambda directory: work(directory, port))(directory)
        finally:
            server.stdin.close()
            server.wait()

    return side


def measure(name, ours, reference, reference_name):
    pairs = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            pairs.append((ours(directory), reference(directory)))
    print("{:36} {:8.3f} s {:8.3f} s {:6.2f}  {}".format(
        name, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs), reference_name), flush=True)


def main():
    print("{:36} {:>10} {:>10} {:>6}  reference".format("median of %d rounds" % ROUNDS, "ours", "reference", "ratio"))
    loop = "a loop in Python that answers each line"
    measure("start, one answer, end", *piped(line(1, "ping"), 1), loop)
    measure("20,000 pings", *piped("".join(line(i, "ping") for i in range(20_000)), 20_000), loop)
    large = line(1, "ping", x=[{"n": i, "s": "text %d" % i} for i in range(28_000)])
    measure("20 lines of {:.1f} MB".format(len(large) / 1e6), *piped(large * 20, 20), loop)
    measure(
        "1,000 registrations in the sandbox",
        timed(lambda directory: pipe(sandbox(directory + "/ours.sqlite"), registrations(1_000), 1_000)),
        timed(lambda directory: commit_each(1_000, directory)), "1,000 commits of one row, WAL, synchronous=FULL")
    measure(
        "1,000 registrations at localstripe",
        timed_with_localstripe(lambda directory, port: register_over_http(1_000, directory, port)),
        timed_with_localstripe(lambda _, port: look_up_and_create(1_000, port)),
        "their 2,000 requests on 16 connections, nothing stored")


main()
