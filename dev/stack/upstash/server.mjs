// Upstash's REST façade over a real Redis: authentication on every route, the body and path forms, pipelines,
// transactions, base64 and RESP2 replies, and Upstash's errors.
import { HttpServer } from "../shared/http-server.mjs";
import { record } from "../shared/journal.mjs";
import { RedisClient } from "../redis/client.mjs";
import { RedisError } from "../redis/resp.mjs";
import { commandName, isAvailable, ReadOnlyRule, unavailable } from "./commands.mjs";
import { itemText } from "./reply.mjs";
import {
  MAX_REQUEST_BYTES,
  parseCommand,
  parseCommands,
  parsePath,
  readBody,
  RequestError,
  sizeExceeded,
} from "./request.mjs";

const METHODS = ["GET", "HEAD", "POST", "PUT"];
const FORMATS = ["json", "resp2"];
const LOGGED_ARGUMENT_CHARS = 200;
const MULTI = [Buffer.from("MULTI")];
const EXEC = [Buffer.from("EXEC")];
const WRONG_TOKEN = "WRONGPASS invalid or missing auth token";

/**
 * Returns {url, port, commands, clearCommands(), setToken(token), revokeToken(), start(), stop()}.
 * `commands` lists every command passed to Redis as {at, command}; `log(line)` hears of each.
 */
export async function startUpstash({ redisPort, token, readOnlyToken, port, log }) {
  const facade = new Facade(new RedisClient(redisPort), { token, readOnlyToken, log });
  const server = new HttpServer((request, response) => facade.serve(request, response));
  await server.start(port);
  return {
    url: server.url,
    port: server.port,
    commands: facade.commands,
    clearCommands: () => (facade.commands.length = 0),
    setToken: (value) => (facade.token = value),
    revokeToken: () => (facade.token = null),
    start: () => server.start(),
    stop: async () => {
      await server.stop();
      facade.client.close();
    },
  };
}

class Facade {
  commands = [];
  #syncs = 0;

  constructor(client, { token, readOnlyToken, log }) {
    this.client = client;
    this.token = token;
    this.readOnlyToken = readOnlyToken;
    this.log = log;
    this.readOnlyRule = new ReadOnlyRule(client);
  }

  async serve(request, response) {
    let reply;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      // A client that left while it was sending its body waits for no answer.
      if (response.destroyed) return;
      reply = error instanceof RequestError ? failure(400, error.message) : failure(500, `ERR ${error.message}`);
    }
    request.resume();
    response.writeHead(reply.status, {
      "content-type": reply.type ?? "application/json",
      "content-length": Buffer.byteLength(reply.body),
      "upstash-sync-token": `local-${(this.#syncs += 1)}`,
      ...reply.headers,
    });
    response.end(request.method === "HEAD" ? undefined : reply.body);
  }

  async #answer(request) {
    const [path, query = ""] = splitOnce(request.url, "?");
    const access = this.#access(request, query);
    if (!access) return failure(401, WRONG_TOKEN);
    if (!METHODS.includes(request.method)) {
      return { ...failure(405, "ERR method not allowed"), headers: { allow: METHODS.join(", ") } };
    }
    const encoding = replyEncoding(request.headers);
    const body = await readBody(request);
    const posted = request.method === "POST" || request.method === "PUT";
    if (path === "/pipeline" || path === "/multi-exec") {
      if (!posted) return { ...failure(405, "ERR method not allowed"), headers: { allow: "POST, PUT" } };
      const commands = parseCommands(body);
      return path === "/pipeline"
        ? this.#pipeline(commands, access, encoding)
        : this.#transaction(commands, access, encoding);
    }
    const command = path === "/" && posted ? parseCommand(body) : parsePath(path, query, body);
    return this.#single(command, access, encoding);
  }

  #access(request, query) {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const given = bearer ?? new URLSearchParams(query).get("_token");
    if (!given) return null;
    if (given === this.token) return "full";
    return given === this.readOnlyToken ? "read-only" : null;
  }

  async #single(command, access, encoding) {
    const [reply] = await this.#run([command], access);
    const status = reply.value instanceof RedisError ? 400 : 200;
    if (encoding.resp2) return { status, type: "application/octet-stream", body: reply.raw };
    return { status, body: itemText(reply.value, encoding.base64) };
  }

  async #pipeline(commands, access, encoding) {
    const replies = await this.#run(commands, access);
    if (encoding.resp2) {
      const count = Buffer.from(`*${replies.length}\r\n`);
      const body = Buffer.concat([count, ...replies.map(({ raw }) => raw)]);
      return { status: 200, type: "application/octet-stream", body };
    }
    return { status: 200, body: `[${replies.map(({ value }) => itemText(value, encoding.base64)).join(",")}]` };
  }

  // Runs what may run, in order and in one write; what may not is answered in its place.
  async #run(commands, access) {
    const refusals = await Promise.all(commands.map((command) => this.#refusal(command, access)));
    const allowed = commands.filter((_, index) => !refusals[index]);
    this.#record(allowed);
    const replies = await this.client.batch(allowed);
    let next = 0;
    return commands.map((command, index) =>
      refusals[index] ? errorReply(refusals[index]) : bounded(renamed(replies[next++], command)),
    );
  }

  async #transaction(commands, access, encoding) {
    if (encoding.resp2) return failure(400, "ERR response format resp2 is not supported for transactions");
    for (const command of commands) {
      const refusal = await this.#refusal(command, access);
      if (refusal) return failure(400, refusal);
    }
    const batch = [MULTI, ...commands, EXEC];
    this.#record(batch);
    const replies = await this.client.batch(batch);
    const queueing = replies.slice(1, -1);
    const rejected = queueing.findIndex((reply) => reply.value instanceof RedisError);
    if (rejected !== -1) return failure(400, renamed(queueing[rejected], commands[rejected]).value.message);
    const outcome = replies.at(-1).value;
    if (outcome instanceof RedisError) return failure(400, outcome.message);
    return { status: 200, body: `[${outcome.map((value) => itemText(value, encoding.base64)).join(",")}]` };
  }

  async #refusal(command, access) {
    if (!isAvailable(command)) return unavailable(commandName(command));
    if (access === "read-only" && !(await this.readOnlyRule.allows(command))) {
      return `NOPERM this user has no permissions to run the '${commandName(command).toLowerCase()}' command`;
    }
    return null;
  }

  #record(commands) {
    const at = Date.now();
    for (const args of commands) {
      const command = args.map(shortened);
      record(this.commands, { at, command });
      this.log?.(`upstash ${command.join(" ").slice(0, LOGGED_ARGUMENT_CHARS)}`);
    }
  }
}

function replyEncoding(headers) {
  const format = headers["upstash-response-format"] ?? "json";
  const base64 = headers["upstash-encoding"]?.toLowerCase() === "base64";
  if (!FORMATS.includes(format)) throw new RequestError(`ERR unsupported response format '${format}'`);
  if (format === "resp2" && base64) throw new RequestError("ERR base64 encoding is not supported with resp2 format");
  return { resp2: format === "resp2", base64 };
}

// Upstash has its own words for a command that does not exist.
function renamed(reply, command) {
  const unknown = reply.value instanceof RedisError && reply.value.message.startsWith("ERR unknown command");
  return unknown ? errorReply(unavailable(commandName(command))) : reply;
}

function bounded(reply) {
  return reply.raw.length > MAX_REQUEST_BYTES ? errorReply(sizeExceeded(reply.raw.length)) : reply;
}

function errorReply(message) {
  return { value: new RedisError(message), raw: Buffer.from(`-${message}\r\n`) };
}

// No character takes more than four bytes, so a value of megabytes is not decoded for its beginning.
function shortened(arg) {
  return arg.subarray(0, 4 * LOGGED_ARGUMENT_CHARS).toString().slice(0, LOGGED_ARGUMENT_CHARS);
}

function failure(status, message) {
  return { status, body: JSON.stringify({ error: message }) };
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
