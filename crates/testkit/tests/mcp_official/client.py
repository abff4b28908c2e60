"""A client with the official Python SDK. Prints one JSON object of what it was given.

Arguments: how it agrees on a version, the folder to write in, and a URL or a command.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.types import ElicitResult

mode, folder, *server = sys.argv[1:]


async def elicited(context, params):
    return ElicitResult(action="accept", content={"name": "Ada"})


async def call(client, name, arguments):
    result = await client.call_tool(name, arguments)
    text = "".join(part.text for part in result.content)
    return {"failed": bool(result.is_error), "text": text}


async def main():
    if server[0].startswith("http"):
        where = server[0]
    else:
        where = StdioServerParameters(command=server[0], args=server[1:], env=dict(os.environ))
    async with Client(where, mode=mode, elicitation_callback=elicited) as client:
        tools = sorted(tool.name for tool in (await client.list_tools()).tools)
        resources = [str(one.uri) for one in (await client.list_resources()).resources]
        prompts = [one.name for one in (await client.list_prompts()).prompts]
        read = await client.read_resource("story://greeting")
        got = await client.get_prompt("greet", {"name": "Ada"})
        told = {
            "version": client.protocol_version,
            "tools": tools,
            "resources": resources,
            "prompts": prompts,
            "resource": read.contents[0].text,
            "prompt": got.messages[0].content.text,
            "added": await call(client, "add", {"a": 2, "b": 3}),
            "written": await call(client, "write_file", {"path": f"{folder}/written.txt", "content": "written\n"}),
            "denied": await call(client, "write_file", {"path": f"{folder}/shutdown.toml", "content": "off\n"}),
            "mistyped": await call(client, "add", {"a": "two", "b": 3}),
            "undeclared": await call(client, "add", {"a": 2, "b": 3, "c": "much"}),
        }
        if mode == "legacy":
            told["elicited"] = await call(client, "ask", {})
        print(json.dumps(told))


asyncio.run(main())
