"""Drives the official Python SDKs through the gateway; prints what they made of its answers.

Each line is JSON: the protocol, the form, the mode (which the model's name says), the words, the
names of the calls, and why the answer stopped.
"""

import json
import sys

import anthropic
import openai
from google import genai

ROOT, KEY = sys.argv[1], sys.argv[2]
ASK = "Look around."
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def say(protocol, form, mode, text, calls, stop):
    line = {"protocol": protocol, "form": form, "mode": mode, "text": text, "calls": calls, "stop": stop}
    print(json.dumps(line), flush=True)


def chat(mode):
    client = openai.OpenAI(base_url=ROOT + "/v1", api_key=KEY, max_retries=0)
    ask = {"model": mode, "messages": [{"role": "user", "content": ASK}],
           "tools": [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]}
    whole = client.chat.completions.create(**ask)
    with client.chat.completions.stream(**ask) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_completion()
    for form, answer in [("whole", whole), ("stream", streamed)]:
        choice = answer.choices[0]
        calls = [call.function.name for call in choice.message.tool_calls or []]
        say("chat-completions", form, mode, choice.message.content, calls, choice.finish_reason)


def responses(mode):
    client = openai.OpenAI(base_url=ROOT + "/v1", api_key=KEY, max_retries=0)
    ask = {"model": mode, "input": ASK, "tools": [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}]}
    whole = client.responses.create(**ask)
    words, made = "", []
    with client.responses.stream(**ask) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                words += event.delta
            if event.type == "response.output_item.done" and event.item.type == "function_call":
                made.append(event.item.name)
        streamed = stream.get_final_response()
    for form, answer in [("whole", whole), ("stream", streamed)]:
        calls = [item.name for item in answer.output if item.type == "function_call"]
        if form == "stream":
            assert words == answer.output_text and made == calls, (words, made)
        say("responses", form, mode, answer.output_text, calls, answer.status)


def messages(mode):
    client = anthropic.Anthropic(base_url=ROOT, api_key=KEY, max_retries=0)
    ask = {"model": mode, "max_tokens": 99, "messages": [{"role": "user", "content": ASK}],
           "tools": [{"name": "look", "input_schema": SCHEMA}]}
    whole = client.messages.create(**ask)
    with client.messages.stream(**ask) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_message()
    for form, answer in [("whole", whole), ("stream", streamed)]:
        text = "".join(block.text for block in answer.content if block.type == "text")
        calls = [block.name for block in answer.content if block.type == "tool_use"]
        say("messages", form, mode, text, calls, answer.stop_reason)


def content(mode):
    client = genai.Client(api_key=KEY, http_options={"base_url": ROOT})
    config = {"tools": [{"function_declarations": [{"name": "look", "parameters_json_schema": SCHEMA}]}],
              "automatic_function_calling": {"disable": True}}
    ask = {"model": mode, "contents": ASK, "config": config}
    whole = [client.models.generate_content(**ask)]
    streamed = list(client.models.generate_content_stream(**ask))
    for form, answers in [("whole", whole), ("stream", streamed)]:
        text, calls, stop = "", [], None
        for answer in answers:
            candidate = answer.candidates[0]
            for part in candidate.content.parts or []:
                if part.function_call:
                    calls.append(part.function_call.name)
                text += part.text or ""
            stop = candidate.finish_reason or stop
        say("generate-content", form, mode, text, calls, stop.value)


for mode in ["release", "first", "last", "deny"]:
    for protocol in [chat, responses, messages, content]:
        protocol(mode)
