"""The cases of PythonClientTests.swift: `python3 python_cases.py CASE` in an empty directory, with the client in the
path. Nothing is printed; an assertion that fails ends it."""

import ast
import asyncio
import gc
import hmac
import http.server
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import stripe_customers
from stripe_customers import (
    OMITTED, AsyncStripeCustomers, CallTimeout, ClientClosed, CustomerNotFound, InvalidParams, InvalidSignature,
    MethodNotFound, ProcessEnded, StripeCustomers, UserAlreadyExists)


class SlowStripe:
    """A Stripe that answers nothing until `release` is called, and then with a customer."""

    def __init__(self):
        released = self.released = threading.Event()
        arrived = self.arrived = threading.Semaphore(0)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                arrived.release()
                released.wait()
                body = json.dumps({"id": "cus_1", "object": "customer", "metadata": {}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A process that is killed breaks its connection.
        server.handle_error = lambda *_: None
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.arguments = ["--api-base", "http://127.0.0.1:{}".format(server.server_port)]

    def client(self, kind=StripeCustomers, **options):
        return kind(database="slow.sqlite", api_key="sk_test_1", arguments=self.arguments, **options)


def sandbox(kind=StripeCustomers, **options):
    return kind(database="test.sqlite", sandbox=True, **options)


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("no " + kind.__name__)


def finish(*calls):
    """Makes the calls on a thread each. What none of them may do is hang."""
    done = []
    for call in calls:
        threading.Thread(target=lambda call=call: done.append(call() or True), daemon=True).start()
    for _ in range(2400):
        if len(done) == len(calls):
            return
        time.sleep(0.05)
    raise AssertionError("{} of {} calls ended well".format(len(done), len(calls)))


def is_gone(pid):
    """Whether the process has ended and was reaped."""
    for _ in range(2400):
        if not os.path.exists("/proc/{}".format(pid)):
            return True
        time.sleep(0.05)
    return False


def calls():
    with sandbox() as stripe:
        name = "Ada\u2028Love\u2029lace \u0085 \U0001F600 e\u0301"
        answer = stripe.register_user(user_id="u1", email="ada@example.com", name=name, phone="1")
        assert answer["user"]["name"] == name
        customer = stripe.get_customer(customer_id=stripe.ensure_customer_exists(user_id="u1")["customerId"])
        assert customer["name"] == name and customer["phone"] == "1"
        # What is left out stays, `None` unsets.
        assert stripe.update_user(user_id="u1", phone=None)["user"]["phone"] is None
        assert stripe.get_user(user_id="u1")["name"] == name
        assert stripe.get_user(user_id="nobody") is None
        assert stripe.health()["version"] == stripe_customers.__version__
        pid = stripe.pid
    assert is_gone(pid) and stripe.pid is None
    raises(ClientClosed, stripe.ping)


def errors():
    with sandbox() as stripe:
        stripe.register_user(user_id="u1", email="ada@example.com")
        error = raises(UserAlreadyExists, lambda: stripe.register_user(user_id="u1", email="b@example.com"))
        assert (error.type, error.code, error.retryable) == ("user_already_exists", -32005, False)
        error = raises(CustomerNotFound, lambda: stripe.get_customer(customer_id="cus_none"))
        assert error.data["type"] == "customer_not_found" and str(error)
        error = raises(InvalidParams, lambda: stripe.register_user(email="no address"))
        assert "/email" in str(error), str(error)
        error = raises(MethodNotFound, lambda: stripe.call("getCustomers", {}))
        assert error.data["suggestion"] == "getCustomer"
        assert str(error).endswith("did you mean getCustomer?"), str(error)
    with open("policy.json", "w") as file:
        json.dump({"roles": {"reader": {"methods": ["getUser"]}}}, file)
    with sandbox(policy="policy.json") as stripe:
        raises(stripe_customers.AccessDenied, stripe.list_users)


def what_is_left_out():
    """A host hands on what it has, and that may be nothing."""
    with sandbox() as stripe:
        user = stripe.register_user(
            user_id="u1", email="ada@example.com", name=None, phone=OMITTED, metadata={"plan": "pro", "team": None},
            email_verified=None, meta={"idempotencyKey": None})["user"]
        assert user["name"] is None and user["metadata"] == {"plan": "pro"}, user
        assert stripe.list_users(limit=None, starting_after=None, linked=None)["data"][0]["id"] == "u1"
        customer = stripe.create_customer(
            email="bob@example.com", name="Bob", description=None, on_duplicate_email=None,
            address={"line1": "1 Main Street", "line2": None, "city": OMITTED}, metadata=None)
        assert customer["name"] == "Bob" and customer["address"]["line1"] == "1 Main Street"
        # A field that can be unset keeps its two ways to say nothing.
        assert stripe.update_user(user_id="u1", name="Ada", phone="1")["user"]["name"] == "Ada"
        assert stripe.update_user(user_id="u1", email=None, name=OMITTED)["user"]["name"] == "Ada"
        assert stripe.update_user(user_id="u1", metadata={"plan": None})["user"]["metadata"] == {}
        assert stripe.update_user(user_id="u1", name=None)["user"]["name"] is None
        changed = stripe.update_customer(customer_id=customer["id"], name=None, email=OMITTED)
        assert changed["name"] is None and changed["email"] == "bob@example.com"
        # By the name on the wire it is no different, and what is needed can't be left out.
        assert stripe.call("listUsers", {"limit": None})["data"]
        error = raises(InvalidParams, lambda: stripe.get_user(user_id=None))
        assert "/userId must be a string, not null" in str(error), error


def a_body_of_bytes():
    env = dict(os.environ, STRIPE_WEBHOOK_SECRET="whsec_1")
    body = json.dumps({"id": "evt_1", "object": "event", "type": "ping", "text": "ß €"}, ensure_ascii=False).encode()

    def signature(body):
        now = int(time.time())
        digest = hmac.new(b"whsec_1", str(now).encode() + b"." + body, "sha256").hexdigest()
        return "t={},v1={}".format(now, digest)

    with sandbox(env=env) as stripe:
        for payload in (body, bytearray(body), memoryview(body), body.decode()):
            assert stripe.handle_webhook(payload=payload, signature=signature(body))["eventId"] == "evt_1"
        # No UTF-8, so nothing of Stripe's: a refusal like any other.
        raises(InvalidSignature, lambda: stripe.handle_webhook(payload=b"\xff{}", signature=signature(b"\xff{}")))


def a_fork_during_the_start():
    """Another thread forks while the process is being started: the child must not hold the pipes."""

    def pipes():
        links = []
        for name in os.listdir("/proc/self/fd"):
            try:
                links.append(os.readlink("/proc/self/fd/" + name))
            except OSError:
                pass
        return sorted(each for each in links if each.startswith("pipe:"))

    before = pipes()
    status = []

    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0 if pipes() == before else 1)
        status.append(os.waitpid(child, 0)[1])

    started = subprocess.Popen
    forking = threading.Thread(target=fork)

    def popen(*arguments, **options):
        forking.start()
        # Where nothing holds it up it has forked long before that.
        forking.join(timeout=1)
        return started(*arguments, **options)

    subprocess.Popen = popen
    try:
        stripe = sandbox()
        stripe.ping()
    finally:
        subprocess.Popen = started
    forking.join()
    assert status == [0], status
    pid = stripe.pid
    stripe.close()
    assert is_gone(pid)


def a_thousand_threads_calls():
    with sandbox() as stripe, ThreadPoolExecutor(100) as pool:
        def register(number):
            return stripe.register_user(user_id="u{}".format(number), email="u{}@example.com".format(number))
        users = [answer["user"]["id"] for answer in pool.map(register, range(1000))]
        assert users == ["u{}".format(number) for number in range(1000)]


def a_thousand_tasks_calls():
    async def main():
        async with sandbox(AsyncStripeCustomers) as stripe:
            users = await asyncio.gather(*(
                stripe.register_user(user_id="u{}".format(number), email="u{}@example.com".format(number))
                for number in range(1000)))
            assert [answer["user"]["id"] for answer in users] == ["u{}".format(number) for number in range(1000)]
            # Those that name the same user are carried out in the order in which they were made.
            await asyncio.gather(*(stripe.update_user(user_id="u1", name=str(number)) for number in range(100)))
            assert (await stripe.get_user(user_id="u1"))["name"] == "99"
            pid = stripe.pid
        assert is_gone(pid)
    asyncio.run(main())


def a_large_answer():
    with sandbox() as stripe:
        metadata = {"key{}".format(number): "\u2028" * 500 for number in range(48)}
        for number in range(8):
            stripe.create_customer(email="u{}@example.com".format(number), description="x" * 5000, metadata=metadata)
        page = stripe.list_customers(limit=100)
        assert len(page["data"]) == 8 and page["data"][0]["metadata"] == metadata
        assert len(json.dumps(page)) > 1 << 20


def a_kill_in_mid_call():
    stripe_side = SlowStripe()
    with stripe_side.client() as stripe, ThreadPoolExecutor(100) as pool:
        pending = [pool.submit(stripe.get_customer, customer_id="cus_{}".format(n)) for n in range(100)]
        stripe_side.arrived.acquire()
        # All have called: a thread that did so after the kill would start another process.
        while len(stripe._process.calls) < 100:
            time.sleep(0.01)
        pid = stripe.pid
        os.kill(pid, signal.SIGKILL)
        for each in pending:
            error = each.exception(timeout=120)
            assert isinstance(error, ProcessEnded) and "killed by signal 9" in str(error), error
        assert is_gone(pid)
        stripe.ping()
        assert stripe.pid != pid


def a_retry():
    stripe_side = SlowStripe()
    with stripe_side.client() as stripe, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(stripe.get_customer, customer_id="cus_1", retry=True)
        stripe_side.arrived.acquire()
        stripe_side.released.set()
        os.kill(stripe.pid, signal.SIGSTOP)
        os.kill(stripe.pid, signal.SIGKILL)
        assert pending.result(120)["id"] == "cus_1"


def a_timeout():
    stripe_side = SlowStripe()
    with stripe_side.client(timeout=0.3) as stripe:
        stripe.ping(timeout=120)
        started = time.monotonic()
        error = raises(CallTimeout, lambda: stripe.get_customer(customer_id="cus_1"))
        assert isinstance(error, TimeoutError) and time.monotonic() - started < 60
        pid = stripe.pid
        stripe.ping(timeout=120)
        assert stripe.pid == pid
        stripe_side.released.set()
        assert stripe.get_customer(customer_id="cus_1", timeout=120)["id"] == "cus_1"


def a_cancel():
    stripe_side = SlowStripe()

    async def main():
        async with stripe_side.client(AsyncStripeCustomers) as stripe:
            task = asyncio.ensure_future(stripe.get_customer(customer_id="cus_1"))
            await asyncio.get_running_loop().run_in_executor(None, stripe_side.arrived.acquire)
            task.cancel()
            try:
                await task
                raise AssertionError("not cancelled")
            except asyncio.CancelledError:
                pass
            try:
                await stripe.get_customer(customer_id="cus_2", timeout=0.2)
                raise AssertionError("no timeout")
            except CallTimeout:
                pass
            await stripe.ping()
            # Nothing is left behind, and the process has let go of both.
            assert not stripe._process.calls
            stripe_side.released.set()
    asyncio.run(main())


def a_budget():
    with sandbox() as stripe:
        for _ in range(5):
            stripe.ping()
            pid = stripe.pid
            os.kill(pid, signal.SIGKILL)
            assert is_gone(pid)
            while stripe.pid is not None:
                time.sleep(0.01)
        error = raises(ProcessEnded, stripe.ping)
        assert "5 times within 180 seconds" in str(error), error


def what_cannot_be_sent():
    with sandbox() as stripe:
        for value in (float("nan"), "\ud800", "x" * (9 << 20)):
            # The process could not tell whose request that was, and nobody would get the answer.
            raises(ValueError, lambda: stripe.register_user(email="ada@example.com", name=value))
        raises(TypeError, lambda: stripe.register_user(email="ada@example.com", name={"a set"}))
        circle = {}
        circle["circle"] = circle
        raises(ValueError, lambda: stripe.register_user(email="ada@example.com", metadata=circle))
        stripe.ping()
        assert not stripe._process.calls


def two_clients():
    with sandbox() as one, sandbox() as other:
        registered = one.register_user(user_id="u1", email="ada@example.com")
        assert other.get_user(user_id="u1")["customerId"] == registered["customerId"]
        assert one.pid != other.pid


def a_failed_start():
    missing = StripeCustomers(binary="/nowhere/stripe-customers")
    for _ in range(7):
        error = raises(ProcessEnded, missing.ping)
        assert "STRIPE_CUSTOMERS_BINARY" in str(error) and "No such file" in str(error)
    with open("not-executable", "w"):
        error = raises(ProcessEnded, StripeCustomers(binary="./not-executable").ping)
    assert "Permission denied" in str(error) and "executable?" in str(error)
    # Without a key: the process says why it ended.
    env = {name: value for name, value in os.environ.items() if name != "STRIPE_API_KEY"}
    for options, words in (
            ({}, "no Stripe key"), ({"api_key": "pk_test_1"}, "not a secret key"),
            ({"arguments": ["--policy", "none"]}, "can't read the file of --policy")):
        # It would be the same again, so it is not tried again.
        error = raises(ProcessEnded, StripeCustomers(database="x.sqlite", env=env, retry=True, **options).ping)
        assert "exit code 78" in str(error) and words in str(error) and not error.retryable, error
    error = raises(ProcessEnded, StripeCustomers(arguments=["--databse"]).ping)
    assert "exit code 64" in str(error) and "did you mean --database?" in str(error), error


def a_log():
    lines = []
    with sandbox(log=lines.append) as stripe:
        stripe.ping()
    assert any(json.loads(line)["message" if "message" in json.loads(line) else "event"] for line in lines), lines


def a_fork():
    with sandbox() as stripe:
        stripe.ping()
        child = os.fork()
        if child == 0:
            # A process of its own, since the parent's answers go to the parent.
            stripe.ping()
            stripe.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        stripe.ping()
        pid = stripe.pid
        started = time.monotonic()
    # The child did not keep the parent's process alive.
    assert is_gone(pid) and time.monotonic() - started < 60


def preforked_workers():
    """As gunicorn does with `--preload`: the program is loaded, and has called, before it forks."""
    with sandbox() as stripe:
        stripe.ping()
        busy = [threading.Thread(target=lambda: [stripe.ping() for _ in range(200)]) for _ in range(4)]
        for thread in busy:
            thread.start()
        workers = []
        for number in range(4):
            worker = os.fork()
            if worker == 0:
                signal.alarm(120)
                stripe.register_user(user_id="u{}".format(number), email="u{}@example.com".format(number))
                sys.exit(0)
            workers.append(worker)
        assert [os.waitpid(worker, 0)[1] for worker in workers] == [0] * 4
        for thread in busy:
            thread.join()
        assert len(stripe.list_users()["data"]) == 4
        with multiprocessing.get_context("fork").Pool(2) as pool:
            # A method of the client can't be sent to a worker; it is there already, forked.
            assert pool.map(ping_of_the_worker, range(4)) == [{}] * 4


def ping_of_the_worker(_):
    return next(iter(stripe_customers._clients)).ping()


def a_deaf_process():
    stripe = sandbox(grace=0.3)
    stripe.ping()
    pid = stripe.pid
    os.kill(pid, signal.SIGSTOP)
    thread = threading.Thread(target=lambda: raises(ClientClosed, lambda: stripe.call("ping", {"x": "y" * 300000})))
    thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    stripe.close()
    assert is_gone(pid) and time.monotonic() - started < 60
    thread.join(120)
    assert not thread.is_alive()


def a_timeout_of_a_deaf_process():
    with sandbox() as stripe:
        stripe.ping()
        pid = stripe.pid
        os.kill(pid, signal.SIGSTOP)

        def call():
            # More than the pipe holds.
            raises(CallTimeout, lambda: stripe.handle_webhook(payload="x" * 300000, signature="x", timeout=1))
        finish(*[call] * 20)
        # What was not sent yet is taken back: it would fill the memory, and be in vain.
        assert sum(map(len, stripe._process._outbox.values())) < 10000
        os.kill(pid, signal.SIGCONT)
        stripe.ping(timeout=120)
        assert stripe.pid == pid


def an_exception_in_mid_write():
    class Alarm(Exception):
        pass

    def alarm(*_):
        raise Alarm

    signal.signal(signal.SIGALRM, alarm)
    with sandbox() as stripe:
        stripe.ping()
        os.kill(stripe.pid, signal.SIGSTOP)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        raises(Alarm, lambda: stripe.handle_webhook(payload="x" * 300000, signature="x"))
        os.kill(stripe.pid, signal.SIGCONT)
        # The rest of the line was not left out: it would swallow the next one.
        stripe.ping(timeout=120)


def calls_from_callbacks():
    heard = []

    def on_progress(value):
        heard.append(value)
        if len(heard) < 5:
            stripe.sync_all_users(on_progress=on_progress)
        heard.append(stripe.ping())

    def log(line):
        if json.loads(line).get("method") == "syncAllUsers":
            stripe.ping()
            logged.set()

    logged = threading.Event()
    with sandbox(log=log) as stripe:
        stripe.register_user(email="ada@example.com")
        finish(lambda: stripe.sync_all_users(on_progress=on_progress), lambda: logged.wait())
        assert len(heard) >= 10 and heard[-1] == {}

    async def main():
        heard = []
        async with sandbox(AsyncStripeCustomers) as stripe:
            await stripe.sync_all_users(
                on_progress=lambda value: heard.append(asyncio.ensure_future(stripe.ping())), timeout=120)
            # All of them before the answer.
            assert heard and await asyncio.gather(*heard) == [{}] * len(heard)
    asyncio.run(main())


def failing_callbacks():
    def fail(_):
        raise ValueError

    def leave(_):
        sys.exit(3)

    logging.disable()
    for log in (fail, leave):
        with sandbox(log=log) as stripe:
            stripe.register_user(email="{}@example.com".format(log.__name__))
            finish(lambda: stripe.sync_all_users(on_progress=fail))
            # It is the host's own thread that leaves.
            finish(lambda: raises(SystemExit, lambda: stripe.sync_all_users(on_progress=leave)))
            assert not stripe._process.calls
            stripe.ping(timeout=120)
            assert stripe._process._logs.is_alive()

    async def main():
        async with sandbox(AsyncStripeCustomers) as stripe:
            await stripe.sync_all_users(on_progress=fail, timeout=120)
            await stripe.sync_all_users(on_progress=leave, timeout=120)
    raises(SystemExit, lambda: asyncio.run(main()))


def garbage():
    def prelude(lines):
        with open("wrapper", "w") as file:
            file.write("#!/bin/sh\ncat <<'END'\n{}\nEND\nexec '{}' \"$@\"\n".format(
                lines, os.environ["STRIPE_CUSTOMERS_BINARY"]))
        os.chmod("wrapper", 0o755)
        return sandbox(binary="./wrapper")

    with prelude('1\nnull\n"x"\n[]\n[1]\n{\nwords\n\n' + "[" * 100000) as stripe:
        stripe.ping(timeout=120)
    # What looks like an answer and is none: after it nobody waits for another one.
    with prelude('{"id": 1, "error": 5}') as stripe:
        error = raises(ProcessEnded, lambda: stripe.ping(timeout=120))
        assert "its answer could not be read: AttributeError" in str(error), error


def a_dropped_client():
    for kind in (StripeCustomers, AsyncStripeCustomers):
        stripe = sandbox(kind)
        if kind is StripeCustomers:
            stripe.ping()
        else:
            asyncio.run(stripe.ping())
        pid = stripe.pid
        del stripe
        gc.collect()
        assert is_gone(pid)


EXIT = """
import asyncio, threading, time, sys
from stripe_customers import *
options = dict(database="slow.sqlite", api_key="sk_test_1", arguments=sys.argv[2:], grace=0.3)
if sys.argv[1] == "thread":
    stripe = StripeCustomers(**options)
    threading.Thread(target=lambda: stripe.get_customer(customer_id="cus_1"), daemon=True).start()
    while stripe.pid is None: time.sleep(0.01)
    time.sleep(0.2)
    print(stripe.pid, flush=True)
else:
    async def main():
        stripe = AsyncStripeCustomers(**options)
        asyncio.ensure_future(stripe.get_customer(customer_id="cus_1"))
        await asyncio.sleep(0.3)
        print(stripe.pid, flush=True)
    asyncio.run(main())
"""


def an_exit_with_calls_pending():
    stripe_side = SlowStripe()
    for way in ("thread", "task"):
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", EXIT, way] + stripe_side.arguments, stdout=subprocess.PIPE, timeout=120, check=True)
        assert time.monotonic() - started < 60
        assert is_gone(int(done.stdout))


def an_interrupt():
    """Ctrl-C goes to the whole process group: it is the host's, and the process ends with it."""
    program = EXIT + "\nthreading.Event().wait()"
    host = subprocess.Popen(
        [sys.executable, "-c", program, "thread"] + SlowStripe().arguments, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True)
    pid = int(host.stdout.readline())
    os.killpg(host.pid, signal.SIGINT)
    assert host.wait(120) != 0 and is_gone(pid)


def python_3_9():
    with open(stripe_customers.__file__) as file:
        ast.parse(file.read(), feature_version=(3, 9))


def a_killed_host():
    program = EXIT + "\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run(
        [sys.executable, "-c", program, "thread"] + SlowStripe().arguments, stdout=subprocess.PIPE, timeout=120)
    assert is_gone(int(done.stdout))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
