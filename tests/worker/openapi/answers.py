# Compares answers with an OpenAPI document: status, headers, type and body. Standard input is {"document", "answers"}, an answer being {method,
# path, status, headers, body}; what differs is printed, and makes it fail.
import json
import sys

from openapi_schema_validator import OAS31Validator

# They belong to the connection, or to a body that is described by its type.
UNDESCRIBED = {"connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"}

given = json.load(sys.stdin)
document = given["document"]


def resolved(value):
    while "$ref" in value:
        target = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        value = target
    return value


def described(answer):
    component = document["components"]["responses"]
    item = document["paths"].get(answer["path"].split("?")[0])
    if item is None:
        return component["NotFound"]
    operation = item.get(answer["method"].lower())
    if operation is None:
        return component["MethodNotAllowed"]
    return resolved(operation["responses"][str(answer["status"])])


def mistakes(schema, value):
    # References are into the whole document.
    whole = {"components": document["components"], "allOf": [schema]}
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in OAS31Validator(whole).iter_errors(value)]


def header_differences(response, sent):
    known = {name.lower(): resolved(header) for name, header in response.get("headers", {}).items()}
    for name in sent.keys() - known.keys() - UNDESCRIBED:
        yield f"{name} is not described"
    for name, header in known.items():
        if name not in sent:
            if header["required"]:
                yield f"{name} is missing"
            continue
        value = int(sent[name]) if header["schema"]["type"] == "integer" else sent[name]
        yield from mistakes(header["schema"], value)


def body_differences(response, answer):
    content = response.get("content", {})
    if answer["method"] == "HEAD" or not content:
        if answer["body"]:
            yield "there is a body"
        return
    kind = answer["headers"]["content-type"].split(";")[0]
    if kind not in content:
        yield f"{kind} is not described"
        return
    value = json.loads(answer["body"]) if kind.endswith("json") else answer["body"]
    yield from mistakes(content[kind]["schema"], value)


failed = False
for answer in given["answers"]:
    try:
        response = described(answer)
        found = [*header_differences(response, answer["headers"]), *body_differences(response, answer)]
    except KeyError as missing:
        found = [f"{missing} is not described"]
    for difference in found:
        failed = True
        print(f"{answer['method']} {answer['path']} {answer['status']}: {difference}")
sys.exit(failed)
