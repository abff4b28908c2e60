// A client with the official TypeScript SDK. Prints one JSON object of what it was given.
// Arguments: the folder where the SDK is installed, the folder to write in, and a URL or a command.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [installed, folder, ...server] = process.argv.slice(2);
const require = createRequire(`${installed}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href.replace("/cjs/", "/esm/"));
const { Client } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = await load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const { ElicitRequestSchema } = await load("@modelcontextprotocol/sdk/types.js");

const transport = server[0].startsWith("http")
  ? new StreamableHTTPClientTransport(new URL(server[0]))
  : new StdioClientTransport({ command: server[0], args: server.slice(1), env: process.env });
const client = new Client({ name: "story", version: "1.0.0" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "accept", content: { name: "Ada" } }));
await client.connect(transport);

async function call(name, given) {
  const result = await client.callTool({ name, arguments: given });
  return { failed: result.isError === true, text: result.content.map((part) => part.text).join("") };
}

const { tools } = await client.listTools();
const { resources } = await client.listResources();
const { prompts } = await client.listPrompts();
const read = await client.readResource({ uri: "story://greeting" });
const got = await client.getPrompt({ name: "greet", arguments: { name: "Ada" } });
console.log(
  JSON.stringify({
    version: transport.protocolVersion ?? "2025-11-25",
    tools: tools.map((tool) => tool.name).sort(),
    resources: resources.map((one) => one.uri),
    prompts: prompts.map((one) => one.name),
    resource: read.contents[0].text,
    prompt: got.messages[0].content.text,
    added: await call("add", { a: 2, b: 3 }),
    written: await call("write_file", { path: `${folder}/written.txt`, content: "written\n" }),
    denied: await call("write_file", { path: `${folder}/shutdown.toml`, content: "off\n" }),
    mistyped: await call("add", { a: "two", b: 3 }),
    undeclared: await call("add", { a: 2, b: 3, c: "much" }),
    elicited: await call("ask", {}),
  }),
);
await client.close();
