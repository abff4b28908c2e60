// A server of tools with the official TypeScript SDK: over standard streams, or HTTP on a port.
// Arguments: the folder where the SDK is installed, and a port for HTTP.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href.replace("/cjs/", "/esm/"));
const { McpServer } = await load("@modelcontextprotocol/sdk/server/mcp.js");
const { StdioServerTransport } = await load("@modelcontextprotocol/sdk/server/stdio.js");
const { StreamableHTTPServerTransport } = await load("@modelcontextprotocol/sdk/server/streamableHttp.js");
const { z } = await import(pathToFileURL(require.resolve("zod")).href);

const words = (text) => ({ content: [{ type: "text", text }] });

function server() {
  const server = new McpServer({ name: "story", version: "1.0.0" });
  server.registerTool(
    "add",
    { description: "Adds two numbers.", inputSchema: { a: z.number().int(), b: z.number().int() } },
    async ({ a, b }) => words(String(a + b)),
  );
  server.registerTool(
    "write_file",
    { description: "Writes a file.", inputSchema: { path: z.string(), content: z.string() } },
    async ({ path, content }) => {
      writeFileSync(path, content);
      return words("written");
    },
  );
  server.registerTool("ask", { description: "Asks the user for a name.", inputSchema: {} }, async () => {
    const answer = await server.server.elicitInput({
      message: "Which name?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    });
    return words(`${answer.action}: ${answer.content.name}`);
  });
  server.registerResource("greeting", "story://greeting", { description: "A greeting." }, async (uri) => ({
    contents: [{ uri: uri.href, text: "Good day, ä." }],
  }));
  server.registerPrompt(
    "greet",
    { description: "Greets somebody.", argsSchema: { name: z.string() } },
    ({ name }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }] }),
  );
  return server;
}

if (port === undefined) {
  await server().connect(new StdioServerTransport());
} else {
  const sessions = new Map();
  createServer(async (request, response) => {
    let transport = sessions.get(request.headers["mcp-session-id"]);
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await server().connect(transport);
    }
    await transport.handleRequest(request, response);
  }).listen(Number(port), "127.0.0.1");
}
