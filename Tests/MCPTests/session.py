"""The sessions of ToolSessionTests.swift, with the official client of the Model Context Protocol: `session.py BINARY
[OPTION…]`, in an empty directory. One for each revision of the protocol that the client speaks; prints which one was agreed
on. An assertion that fails ends it."""

import asyncio
import json
import os
import sys

import mcp.client.session
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.types import version as versions


async def session(binary, version, options):
    parameters = StdioServerParameters(
        command=binary, args=["mcp", "--sandbox", "--database", version + ".sqlite", *options],
        # The client hands on a few variables only; this one counts coverage.
        env={name: os.environ[name] for name in ["LLVM_PROFILE_FILE"] if name in os.environ})
    mode = version
    if version in versions.HANDSHAKE_PROTOCOL_VERSIONS:
        # The client offers the newest revision that has a handshake; one of that time offers its own.
        mode, mcp.client.session.LATEST_HANDSHAKE_VERSION = "legacy", version
    async with Client(stdio_client(parameters), mode=mode) as client:
        print(version + ": " + client.protocol_version, flush=True)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        may_destroy = "--allow-destructive" in options
        assert ("deleteCustomer" in tools) == ("eraseUser" in tools or "deleteUser" in tools) == may_destroy
        assert not {"handleWebhook", "ping", "rpc.discover"} & set(tools)

        read, write = tools["getUser"].annotations, tools["registerUser"].annotations
        assert read.read_only_hint and not write.read_only_hint
        assert write.destructive_hint is False and tools["updateUser"].annotations.idempotent_hint
        assert tools["registerUser"].input_schema["required"] == ["email"]
        assert "_meta" not in tools["registerUser"].input_schema["properties"]
        assert all(tool.output_schema["type"] == "object" for tool in tools.values())
        assert all(tool.title and tool.description for tool in tools.values())

        # The client holds each structured result against the tool's output schema.
        answer = await client.call_tool(
            "registerUser", {"userId": "u1", "email": "ada@example.com", "name": "Ada\u2028"})
        assert not answer.is_error, answer
        assert answer.structured_content["user"]["name"] == "Ada\u2028"
        assert json.loads(answer.content[0].text) == answer.structured_content
        ensured = await client.call_tool("ensureCustomerExists", {"userId": "u1"})
        customer = await client.call_tool(
            "getCustomer", {"customerId": ensured.structured_content["customerId"]})
        assert customer.structured_content["email"] == "ada@example.com"
        # What may be null stands under `result`.
        assert (await client.call_tool("getUser", {"userId": "nobody"})).structured_content == {"result": None}
        found = await client.call_tool("getUser", {"userId": "u1"})
        assert found.structured_content["result"]["id"] == "u1"
        listed = await asyncio.gather(*(client.call_tool("listUsers", {}) for _ in range(20)))
        assert all(len(each.structured_content["data"]) == 1 for each in listed)

        told = []

        async def on_progress(done, total, message):
            told.append((done, total, message))

        await client.call_tool("syncAllUsers", {}, progress_callback=on_progress)
        assert told == [(1, None, "users: 1, failed: 0")], told

        # Errors are for the model to read.
        missing = await client.call_tool("getCustomer", {"customerId": "cus_none"})
        assert missing.is_error and missing.content[0].text.startswith("customer_not_found: "), missing
        wrong = await client.call_tool("registerUser", {"email": "nonsense", "nam": "Ada"})
        assert wrong.is_error and "/email" in wrong.content[0].text, wrong
        refused = await client.call_tool("deleteUser", {"userId": "u1"})
        assert refused.is_error != may_destroy, refused
        if not may_destroy:
            assert "--allow-destructive" in refused.content[0].text
        try:
            await client.call_tool("getUsr", {"userId": "u1"})
            raise AssertionError("an unknown tool was called")
        except Exception as error:
            if isinstance(error, AssertionError):
                raise


for version in ("auto", *versions.KNOWN_PROTOCOL_VERSIONS):
    asyncio.run(session(sys.argv[1], version, sys.argv[2:]))
