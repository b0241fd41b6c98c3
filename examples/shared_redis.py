#!/usr/bin/env python3
"""A listing as another service reads it: from the Redis that the Worker shares with the backend.

    REDIS_URL=redis://localhost:6379 python3 examples/shared_redis.py [key]

`npm start` prints the port of its Redis; REDIS_URL of an Upstash database is rediss://default:<token>@<host>:6379.
The value is plain JSON, a list of models in the order that the key names, and it expires with the catalog.
The standard library is enough; with the `redis` package the two commands are `r.get(key)` and `r.pttl(key)`.
"""

import json
import os
import socket
import ssl
import sys
from urllib.parse import unquote, urlsplit

KEY = "models:unique:filtered:sortprovider_count:desc"


class Redis:
    """One connection, and as much of the protocol as reading a string takes."""

    def __init__(self, url):
        parts = urlsplit(url)
        connection = socket.create_connection((parts.hostname, parts.port or 6379), timeout=5)
        if parts.scheme == "rediss":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
        self.stream = connection.makefile("rwb")
        if parts.password:
            self.command("AUTH", unquote(parts.username or "default"), unquote(parts.password))

    def command(self, *arguments):
        encoded = [argument.encode() for argument in arguments]
        self.stream.write(b"*%d\r\n" % len(encoded))
        for argument in encoded:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(argument), argument))
        self.stream.flush()
        return self.reply()

    def reply(self):
        line = self.stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        raise RuntimeError("Redis closed the connection" if not line else f"an unexpected reply: {line!r}")


def main():
    key = sys.argv[1] if len(sys.argv) > 1 else KEY
    redis = Redis(os.environ.get("REDIS_URL", "redis://localhost:6379"))
    text, expires_ms = redis.command("GET", key), redis.command("PTTL", key)
    if text is None:
        sys.exit(f"{key} is not there: ask the Worker for it once, or wait for the next cron run")
    models = json.loads(text)
    print(f"{len(models)} models, for {expires_ms / 1000:.0f} s more")
    for model in models[:10]:
        price = model["cheapest_prompt_price"]
        print(f"{model['provider_count']:3} providers  {model['name']}  {'?' if price is None else price}")


if __name__ == "__main__":
    main()
