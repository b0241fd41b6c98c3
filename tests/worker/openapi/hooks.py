# What OpenAPI has no words for: a walk by cursor has no offset and no filters, and a cursor that looks like one was not given to anybody.
import json
import os
import re

import schemathesis


GATEWAY = {"gateway": "all"}
MODEL = json.loads(os.environ["KNOWN_MODEL"])
FILTERS = {"name", "q", "provider", "capability", "modality", "min_context", "max_price", "health", "fields", "facets", "view"}


@schemathesis.hook
def map_case(context, case):
    query = case.query or {}
    cursor = query.get("cursor")
    if isinstance(cursor, str) and re.fullmatch(r"[A-Za-z0-9_-]{27}", cursor):
        cursor = query["cursor"] = "*"
    if cursor in ("", "*") and FILTERS & query.keys():
        del query["cursor"]
        cursor = None
    # An offset that is wrong by itself stays.
    if cursor in ("", "*") and re.fullmatch(r"\d+", str(query.get("offset", ""))):
        del query["offset"]
    # What exists, the database says: of texts every other one is such a name.
    for values, known in ((query, GATEWAY), (case.path_parameters or {}, MODEL)):
        for name in known.keys() & values.keys():
            if isinstance(values[name], str) and len(values[name]) % 2 == 0:
                values[name] = known[name]
    return case


# Every line has the same schema. Without a change there is none, and the least that a line can be stands for it.
@schemathesis.deserializer("application/x-ndjson")
def lines(context, response):
    first = response.content.decode().splitlines()[:1]
    return json.loads(first[0]) if first else {"type": "reset"}
