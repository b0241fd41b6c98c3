// Reads commands out of a REST request: a JSON body, or the path form with its raw body and query.

/** Upstash's limit for a request, and for a reply as well; plans differ. */
export const MAX_REQUEST_BYTES = 10_485_760;

/** A request that is refused as a whole; 400 unless told otherwise. */
export class RequestError extends Error {
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Reads the body to its end, so that the client is never cut off while it writes. */
export async function readBody(request, limit) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  // It was sent all the same, and is counted.
  if (length > limit) throw Object.assign(new RequestError(sizeExceeded(length, limit)), { bytes: length });
  return Buffer.concat(chunks);
}

export function sizeExceeded(bytes, limit) {
  return `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${bytes} bytes`;
}

/** `["SET","k","v"]` */
export function parseCommand(body) {
  const command = parseJson(body, "ERR failed to parse command");
  return toArguments(command, "ERR failed to parse command");
}

/** `[["SET","k","v"],["GET","k"]]` */
export function parseCommands(body) {
  const commands = parseJson(body, "ERR failed to parse pipeline request");
  if (!Array.isArray(commands)) throw new RequestError("ERR failed to parse pipeline request");
  if (commands.length === 0) throw new RequestError("ERR empty pipeline request");
  return commands.map((command) => toArguments(command, "ERR failed to parse pipeline request"));
}

/** `/set/k/v?EX=100` is SET k v EX 100, and `/set/k?EX=100` with a body is SET k body EX 100. */
export function parsePath(rawPath, rawQuery, body) {
  const args = rawPath.split("/").slice(1).map(decodePercent);
  if (args.length > 1 && args.at(-1).length === 0) args.pop();
  if (body.length > 0) args.push(body);
  for (const [name, value] of queryPairs(rawQuery)) {
    if (name.toString() === "_token") continue;
    args.push(name);
    if (value.length > 0) args.push(value);
  }
  if (args[0].length === 0) throw new RequestError("ERR empty command");
  return args;
}

function queryPairs(rawQuery) {
  if (!rawQuery) return [];
  return rawQuery.split("&").filter(Boolean).map((pair) => {
    const [name, ...value] = pair.replaceAll("+", " ").split("=");
    return [decodePercent(name), decodePercent(value.join("="))];
  });
}

// decodeURIComponent refuses bytes that are not UTF-8, which a Redis value may well have.
function decodePercent(text) {
  const bytes = Buffer.from(text);
  if (!text.includes("%")) return bytes;
  const decoded = text.replace(/%([0-9a-f]{2})|[^%]+|%/gi, (part, hex) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : Buffer.from(part).toString("latin1"),
  );
  return Buffer.from(decoded, "latin1");
}

// Numbers keep their digits: JSON.parse would round a large integer before Redis sees it.
function parseJson(body, message) {
  try {
    return JSON.parse(body.toString("utf8"), (_, value, { source }) => (typeof value === "number" ? source : value));
  } catch {
    throw new RequestError(message);
  }
}

function toArguments(command, message) {
  if (!Array.isArray(command)) throw new RequestError(message);
  if (command.length === 0) throw new RequestError("ERR empty command");
  return command.map((arg) => {
    if (typeof arg !== "string" && typeof arg !== "boolean") throw new RequestError(message);
    return Buffer.from(String(arg));
  });
}
