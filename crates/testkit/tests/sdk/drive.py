"""Drives the official Python SDKs against a stand-in; prints what they made of its answers.

Each line is JSON: which protocol and form, the words, the calls, the words of the second turn
(after the results of the calls were sent with the model's own turn unchanged), how it stopped, the
models listed, and the class of the error for a status of 429.
"""

import json
import sys

import anthropic
import openai
from google import genai
from google.genai import errors, types

ROOT = sys.argv[1]
MODEL = "stand-in"
ASK = "Look around."
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def say(protocol, form, text, calls, last, stop, models, error):
    line = {"protocol": protocol, "form": form, "text": text, "calls": calls, "last": last,
            "stop": stop, "models": models, "error": error}
    print(json.dumps(line, sort_keys=True), flush=True)


def failure(call, kind):
    try:
        call()
    except kind as error:
        return type(error).__name__
    return "none"


def chat():
    client = openai.OpenAI(base_url=ROOT + "/v1", api_key="x", max_retries=0)
    tools = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]
    models = [model.id for model in client.models.list()]
    error = failure(lambda: client.chat.completions.create(
        model="busy", messages=[{"role": "user", "content": ASK}]), openai.APIStatusError)
    for form in ["whole", "stream"]:
        def turn(messages):
            if form == "whole":
                answer = client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
                choice = answer.choices[0]
                assert answer.usage.prompt_tokens == 10
                return choice.message.model_dump(exclude_none=True), choice.finish_reason
            message, details, finish, usage = {"role": "assistant", "content": ""}, [], None, None
            calls = {}
            for chunk in client.chat.completions.create(
                    model=MODEL, messages=messages, tools=tools, stream=True,
                    stream_options={"include_usage": True}):
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    delta = choice.delta
                    message["content"] += delta.content or ""
                    details += (delta.model_extra or {}).get("reasoning_details") or []
                    for piece in delta.tool_calls or []:
                        call = calls.setdefault(piece.index, {
                            "id": piece.id, "type": "function",
                            "function": {"name": piece.function.name, "arguments": ""}})
                        call["function"]["arguments"] += piece.function.arguments or ""
                    finish = choice.finish_reason or finish
            assert usage.prompt_tokens == 10
            if calls:
                message["tool_calls"] = list(calls.values())
            if details:
                message["reasoning_details"] = details
            return message, finish

        messages = [{"role": "user", "content": ASK}]
        message, stop = turn(messages)
        calls = [[call["function"]["name"], json.loads(call["function"]["arguments"])]
                 for call in message["tool_calls"]]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "seen"}
                   for call in message["tool_calls"]]
        last, _ = turn(messages + [message] + results)
        say("chat", form, message["content"], calls, last["content"], stop, models, error)


def responses():
    client = openai.OpenAI(base_url=ROOT + "/v1", api_key="x", max_retries=0)
    tools = [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}]
    models = [model.id for model in client.models.list()]
    error = failure(lambda: client.responses.create(model="busy", input=ASK), openai.APIStatusError)
    for form in ["whole", "stream"]:
        def turn(items):
            options = {"model": MODEL, "input": items, "tools": tools, "store": False,
                       "include": ["reasoning.encrypted_content"]}
            if form == "whole":
                return client.responses.create(**options)
            words = ""
            with client.responses.stream(**options) as stream:
                for event in stream:
                    if event.type == "response.output_text.delta":
                        words += event.delta
                answer = stream.get_final_response()
            assert words == answer.output_text
            return answer

        items = [{"role": "user", "content": ASK}]
        answer = turn(items)
        made = [item for item in answer.output if item.type == "function_call"]
        calls = [[item.name, json.loads(item.arguments)] for item in made]
        own = [item.model_dump(exclude_none=True) for item in answer.output]
        results = [{"type": "function_call_output", "call_id": item.call_id, "output": "seen"}
                   for item in made]
        last = turn(items + own + results)
        assert answer.usage.input_tokens == 10
        say("responses", form, answer.output_text, calls, last.output_text, answer.status, models,
            error)


def messages():
    client = anthropic.Anthropic(base_url=ROOT, api_key="x", max_retries=0)
    tools = [{"name": "look", "input_schema": SCHEMA}]
    models = [model.id for model in client.models.list()]
    error = failure(lambda: client.messages.create(
        model="busy", max_tokens=9, messages=[{"role": "user", "content": ASK}]),
        anthropic.APIStatusError)
    for form in ["whole", "stream"]:
        def turn(conversation):
            options = {"model": MODEL, "max_tokens": 1024, "messages": conversation, "tools": tools}
            if form == "whole":
                return client.messages.create(**options)
            with client.messages.stream(**options) as stream:
                words = "".join(stream.text_stream)
                answer = stream.get_final_message()
            assert words == "".join(b.text for b in answer.content if b.type == "text")
            return answer

        def text(answer):
            return "".join(block.text for block in answer.content if block.type == "text")

        conversation = [{"role": "user", "content": ASK}]
        answer = turn(conversation)
        made = [block for block in answer.content if block.type == "tool_use"]
        calls = [[block.name, block.input] for block in made]
        own = [block.model_dump(exclude_none=True) for block in answer.content]
        for block in own:
            block.pop("parsed_output", None)
        results = [{"type": "tool_result", "tool_use_id": block.id, "content": "seen"}
                   for block in made]
        last = turn(conversation + [{"role": "assistant", "content": own},
                                    {"role": "user", "content": results}])
        assert answer.usage.cache_read_input_tokens == 4
        say("messages", form, text(answer), calls, text(last), answer.stop_reason, models, error)


def gemini():
    options = types.HttpOptions(base_url=ROOT, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key="x", http_options=options)
    look = types.FunctionDeclaration(name="look", parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[look])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    models = [model.name.removeprefix("models/") for model in client.models.list()]
    error = failure(lambda: client.models.generate_content(model="busy", contents=ASK),
                    errors.APIError)
    for form in ["whole", "stream"]:
        def turn(contents):
            if form == "whole":
                answer = client.models.generate_content(
                    model=MODEL, contents=contents, config=config)
                candidate = answer.candidates[0]
                assert answer.usage_metadata.prompt_token_count == 10
                return candidate.content.parts, candidate.finish_reason.value
            parts, stop = [], None
            for chunk in client.models.generate_content_stream(
                    model=MODEL, contents=contents, config=config):
                for candidate in chunk.candidates:
                    parts += candidate.content.parts or []
                    stop = candidate.finish_reason.value if candidate.finish_reason else stop
            return parts, stop

        def text(parts):
            return "".join(part.text or "" for part in parts if not part.thought)

        contents = [types.Content(role="user", parts=[types.Part(text=ASK)])]
        parts, stop = turn(contents)
        made = [part.function_call for part in parts if part.function_call]
        calls = [[call.name, call.args] for call in made]
        results = [types.Part(function_response=types.FunctionResponse(
            id=call.id, name=call.name, response={"output": "seen"})) for call in made]
        last, _ = turn(contents + [types.Content(role="model", parts=parts),
                                   types.Content(role="user", parts=results)])
        say("gemini", form, text(parts), calls, text(last), stop, models, error)


chat()
responses()
messages()
gemini()
