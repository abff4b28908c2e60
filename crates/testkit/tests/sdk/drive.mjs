// Drives the official JavaScript SDKs against a stand-in; prints what they made of its answers, a
// line of JSON each, as drive.py beside this file does.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages stand where the test installed them.
const [root, packages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(packages + "/package.json"));
const { OpenAI } = require("openai");
const { Anthropic } = require("@anthropic-ai/sdk");
const { GoogleGenAI } = require("@google/genai");

const MODEL = "stand-in";
const ASK = "Look around.";
const SCHEMA = { type: "object", properties: { path: { type: "string" } } };
const say = (line) => console.log(JSON.stringify(line));
const failure = async (call) => {
  try {
    await call();
    return "none";
  } catch (error) {
    return String(error.status);
  }
};
const names = async (list) => {
  const found = [];
  for await (const model of await list) found.push((model.id ?? model.name).replace("models/", ""));
  return found;
};

async function chat() {
  const client = new OpenAI({ baseURL: root + "/v1", apiKey: "x", maxRetries: 0 });
  const tools = [{ type: "function", function: { name: "look", parameters: SCHEMA } }];
  const models = await names(client.models.list());
  const messages = [{ role: "user", content: ASK }];
  const error = await failure(() => client.chat.completions.create({ model: "busy", messages }));
  for (const form of ["whole", "stream"]) {
    const turn = async (messages) => {
      if (form === "whole") {
        const answer = await client.chat.completions.create({ model: MODEL, messages, tools });
        return answer.choices[0];
      }
      // The SDK's own fold drops the reasoning that it does not know, so it is kept beside it.
      const details = [];
      const stream = client.chat.completions.stream({ model: MODEL, messages, tools });
      stream.on("chunk", (chunk) => {
        details.push(...(chunk.choices[0]?.delta?.reasoning_details ?? []));
      });
      const answer = await stream.finalChatCompletion();
      const choice = answer.choices[0];
      if (details.length) choice.message.reasoning_details = details;
      return choice;
    };
    const first = await turn(messages);
    const made = first.message.tool_calls;
    const calls = made.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
    const results = made.map((call) => ({ role: "tool", tool_call_id: call.id, content: "seen" }));
    const last = await turn([...messages, first.message, ...results]);
    say({ protocol: "chat", form, text: first.message.content, calls, last: last.message.content,
      stop: first.finish_reason, models, error });
  }
}

async function responses() {
  const client = new OpenAI({ baseURL: root + "/v1", apiKey: "x", maxRetries: 0 });
  const tools = [{ type: "function", name: "look", parameters: SCHEMA, strict: false }];
  const models = await names(client.models.list());
  const error = await failure(() => client.responses.create({ model: "busy", input: ASK }));
  for (const form of ["whole", "stream"]) {
    const turn = async (input) => {
      const options = { model: MODEL, input, tools, store: false };
      if (form === "whole") return client.responses.create(options);
      return client.responses.stream(options).finalResponse();
    };
    const input = [{ role: "user", content: ASK }];
    const first = await turn(input);
    const made = first.output.filter((item) => item.type === "function_call");
    const calls = made.map((item) => [item.name, JSON.parse(item.arguments)]);
    const results = made.map((item) => (
      { type: "function_call_output", call_id: item.call_id, output: "seen" }));
    const last = await turn([...input, ...first.output, ...results]);
    say({ protocol: "responses", form, text: first.output_text, calls, last: last.output_text,
      stop: first.status, models, error });
  }
}

async function messages() {
  const client = new Anthropic({ baseURL: root, apiKey: "x", maxRetries: 0 });
  const tools = [{ name: "look", input_schema: SCHEMA }];
  const models = await names(client.models.list());
  const conversation = [{ role: "user", content: ASK }];
  const error = await failure(() => client.messages.create(
    { model: "busy", max_tokens: 9, messages: conversation }));
  const text = (answer) => answer.content.map((block) => block.text ?? "").join("");
  for (const form of ["whole", "stream"]) {
    const turn = async (messages) => {
      const options = { model: MODEL, max_tokens: 1024, messages, tools };
      if (form === "whole") return client.messages.create(options);
      return client.messages.stream(options).finalMessage();
    };
    const first = await turn(conversation);
    const made = first.content.filter((block) => block.type === "tool_use");
    const calls = made.map((block) => [block.name, block.input]);
    const results = made.map((block) => (
      { type: "tool_result", tool_use_id: block.id, content: "seen" }));
    const last = await turn([...conversation, { role: "assistant", content: first.content },
      { role: "user", content: results }]);
    say({ protocol: "messages", form, text: text(first), calls, last: text(last),
      stop: first.stop_reason, models, error });
  }
}

async function gemini() {
  const client = new GoogleGenAI({ apiKey: "x", httpOptions: { baseUrl: root } });
  const config = { tools: [{ functionDeclarations: [{ name: "look", parametersJsonSchema: SCHEMA }] }] };
  const models = await names(client.models.list());
  const error = await failure(() => client.models.generateContent({ model: "busy", contents: ASK }));
  const text = (parts) => parts.filter((part) => !part.thought).map((part) => part.text ?? "").join("");
  for (const form of ["whole", "stream"]) {
    const turn = async (contents) => {
      if (form === "whole") {
        const answer = await client.models.generateContent({ model: MODEL, contents, config });
        const { content, finishReason } = answer.candidates[0];
        return [content.parts, finishReason];
      }
      const parts = [];
      let stop;
      for await (const chunk of await client.models.generateContentStream(
        { model: MODEL, contents, config })) {
        for (const candidate of chunk.candidates) {
          parts.push(...(candidate.content?.parts ?? []));
          stop = candidate.finishReason ?? stop;
        }
      }
      return [parts, stop];
    };
    const contents = [{ role: "user", parts: [{ text: ASK }] }];
    const [parts, stop] = await turn(contents);
    const made = parts.filter((part) => part.functionCall).map((part) => part.functionCall);
    const calls = made.map((call) => [call.name, call.args]);
    const results = made.map((call) => (
      { functionResponse: { id: call.id, name: call.name, response: { output: "seen" } } }));
    const [last] = await turn([...contents, { role: "model", parts }, { role: "user", parts: results }]);
    say({ protocol: "gemini", form, text: text(parts), calls, last: text(last), stop, models, error });
  }
}

await chat();
await responses();
await messages();
await gemini();
