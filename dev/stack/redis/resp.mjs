// RESP2, the Redis wire format. Bulk strings stay Buffers (binary safe) and statuses are a type of their own, because
// callers must tell the status OK from a value that says "OK".

const CRLF = "\r\n";

export class Status {
  constructor(text) {
    this.text = text;
  }
}

/** An error reply; `code` is its first word, such as ERR, NOSCRIPT or WRONGTYPE. */
export class RedisError extends Error {
  name = "RedisError";

  constructor(message) {
    super(message);
    this.code = message.split(" ", 1)[0];
  }
}

/** One command as the server reads it; arguments are strings, numbers or Buffers. */
export function encodeCommand(args) {
  const parts = [Buffer.from(`*${args.length}${CRLF}`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}${CRLF}`), bytes, Buffer.from(CRLF));
  }
  return Buffer.concat(parts);
}

/** Takes bytes as they come and gives out whole replies, each with the bytes it was read from. */
export class ReplyParser {
  #chunks = [];
  #length = 0;
  // A reply of many megabytes comes in many chunks; nothing is joined before it can be complete.
  #needed = 1;

  *push(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let start = 0;
    let reply;
    while (start < bytes.length && (reply = read(bytes, start)).end) {
      yield { value: reply.value, raw: bytes.subarray(start, reply.end) };
      start = reply.end;
    }
    const rest = bytes.subarray(start);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    this.#needed = rest.length > 0 ? reply.needed - start : 1;
  }
}

// Reads the reply at `start`: {value, end}, or {needed}, the least length at which it could be complete.
function read(bytes, start) {
  const lineEnd = bytes.indexOf(CRLF, start);
  if (lineEnd === -1) return { needed: bytes.length + 1 };
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start])) {
    case "+":
      return { value: new Status(line), end };
    case "-":
      return { value: new RedisError(line), end };
    case ":":
      return { value: integer(line), end };
    case "$":
      return readBulk(bytes, end, Number(line));
    case "*":
      return readArray(bytes, end, Number(line));
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(line.slice(0, 40))}`);
  }
}

function readBulk(bytes, start, length) {
  if (length < 0) return { value: null, end: start };
  const end = start + length + 2;
  return end > bytes.length ? { needed: end } : { value: bytes.subarray(start, start + length), end };
}

function readArray(bytes, start, count) {
  if (count < 0) return { value: null, end: start };
  const value = [];
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const item = read(bytes, end);
    if (!item.end) return item;
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}

function integer(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
