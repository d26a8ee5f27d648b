"""Drives `shipkeeper mcp` with the client of the package mcp, in both generations of the protocol.

    python check_mcp.py PROGRAM STATE read|write|none

The last word says what the running program allows; none where none runs. Exits with 0 where all is as it should be.
"""

import asyncio, json, subprocess, sys

from mcp import Client, StdioServerParameters

program, state, access = sys.argv[1:]
words = ["mcp", "--state", state]


async def drive(mode):
    async with Client(StdioServerParameters(command=program, args=words), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"status", "job", "runs", "start", "stop", "why"} <= set(tools), sorted(tools)
        assert not {"event-stream", "log-text"} & set(tools), "a stream is no tool"
        start = tools["start"]
        assert start.input_schema["required"] == ["job"] and start.input_schema["properties"]["wait"]["maximum"] == 600, start.input_schema
        assert tools["status"].annotations.read_only_hint and not start.annotations.read_only_hint
        assert all(tool.description for tool in tools.values())

        status = await client.call_tool("status", {})
        if access == "none":
            assert status.is_error and "not_running" in status.content[0].text, status
            return
        assert not status.is_error and "hello" in [job["name"] for job in status.structured_content["jobs"]], status
        assert json.loads(status.content[0].text) == status.structured_content

        started = await client.call_tool("start", {"job": "hello", "wait": 60})
        if access == "read":
            assert started.is_error and "control: { mcp: write }" in started.content[0].text, started
        else:
            assert not started.is_error and started.structured_content["state"]["outcome"] == "succeeded", started
            assert started.structured_content["state"]["cause"] == "person: mcp", started
        acted = await client.call_tool("run-action", {"action": "list"})
        if access == "read":
            assert acted.is_error and "control: { mcp: write }" in acted.content[0].text, acted
        else:
            run = acted.structured_content["run"]
            assert not acted.is_error and run["output"] == "listed\n" and run["exit_code"] == 0 and run["via"] == "mcp", acted
        wrong = await client.call_tool("job", {"job": "hallo"})
        assert wrong.is_error and 'did you mean \\"hello\\"' in wrong.content[0].text, wrong
        wrong = await client.call_tool("job", {"job": "hello", "lines": -1})
        assert wrong.is_error and "must be 0 to 1000" in wrong.content[0].text, wrong


def talk(*lines):
    """Lines as they are, and what is answered: nothing but JSON-RPC."""
    done = subprocess.run([program, *words], input="".join(f"{line}\n" for line in lines).encode(), capture_output=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, (done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


for mode in ["auto", "legacy"]:
    asyncio.run(drive(mode))

answers = talk(
    "not JSON", "", "[]", "7", '{"jsonrpc":"2.0","method":"notifications/cancelled"}', '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":"x","method":"nothing"}', '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"format-disk"}}',
    '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":7}', '{"id":4,"method":"ping"}', '{"jsonrpc":"2.0","id":5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":6,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}}', "\x00\x01" * 50_000)
by_id = {json.dumps(answer["id"]): answer for answer in answers}
codes = sorted(answer["error"]["code"] for answer in answers if answer["id"] is None)
assert codes == [-32700, -32700, -32600, -32600], answers
assert by_id['"x"']["error"]["code"] == -32601 and by_id["2"]["error"]["code"] == -32602 and by_id["3"]["error"]["code"] == -32602, answers
assert by_id["4"]["error"]["code"] == -32600 and by_id["5"]["result"] == {} and "1" not in by_id, answers
assert by_id["6"]["error"]["code"] == -32022 and "2026-07-28" in by_id["6"]["error"]["data"]["supported"], answers
