"""A server of tools with the official Python SDK: over standard streams, or HTTP on a port."""

import pathlib
import sys

from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("story")


class Name(BaseModel):
    name: str


@server.tool()
def add(a: int, b: int) -> str:
    """Adds two numbers."""
    return str(a + b)


@server.tool()
def write_file(path: str, content: str) -> str:
    """Writes a file."""
    pathlib.Path(path).write_text(content)
    return "written"


@server.tool()
async def ask(context: Context) -> str:
    """Asks the user for a name."""
    answer = await context.elicit("Which name?", Name)
    return f"{answer.action}: {answer.data.name}"


@server.resource("story://greeting")
def greeting() -> str:
    """A greeting."""
    return "Good day, ä."


@server.prompt()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Greet {name}."


if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
else:
    server.run("stdio")
