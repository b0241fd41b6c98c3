// Upstash's REST façade over a real Redis: authentication on every route, the body and path forms, pipelines,
// transactions, base64 and RESP2 replies, and Upstash's errors.
import { HttpServer } from "../shared/http-server.mjs";
import { RedisError } from "../redis/resp.mjs";
import { commandName, isAvailable, unavailable } from "./commands.mjs";
import { Journal } from "./journal.mjs";
import { Members } from "./members.mjs";
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
const MULTI = [Buffer.from("MULTI")];
const EXEC = [Buffer.from("EXEC")];
const QUOTA_USED_UP =
  "ERR max requests limit exceeded. Limit: 500000, Usage: 500001. " +
  "See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details";
const WRONG_TOKEN = "WRONGPASS invalid or missing auth token";

/**
 * Returns {url, port, commands, requests, totals(), clearCommands(), setToken(token), revokeToken(),
 * limitRequests(bytes?), useUpQuota({status?, error?}), refillQuota(), readFrom(member), failOver(), start(), stop()}.
 * `commands` lists what was passed to Redis, `requests` what was asked for, `totals()` counts both (see journal.mjs);
 * clearCommands() begins all three anew. `log(line)` hears of each command. limitRequests() without a number is the
 * usual limit again; with a used-up quota every request is refused, as 400 or with another status.
 *
 * With a `replica` (redis/replica.mjs) reads go there, or as readFrom("primary" | "replica" | "alternate") says;
 * failOver() makes it the only server.
 */
export async function startUpstash({ redisPort, replica, token, readOnlyToken, port, log }) {
  const journal = new Journal(log);
  const members = new Members(redisPort, replica);
  const facade = new Facade(members, journal, { token, readOnlyToken });
  const server = new HttpServer((request, response) => facade.serve(request, response));
  await server.start(port);
  return {
    url: server.url,
    port: server.port,
    commands: journal.commands,
    requests: journal.requests,
    totals: () => journal.totals(),
    clearCommands: () => journal.clear(),
    setToken: (value) => (facade.token = value),
    revokeToken: () => (facade.token = null),
    limitRequests: (bytes = MAX_REQUEST_BYTES) => (facade.requestBytesMax = bytes),
    useUpQuota: ({ status = 400, error = QUOTA_USED_UP } = {}) => (facade.quota = { status, error }),
    refillQuota: () => (facade.quota = null),
    readFrom: (member) => members.readFrom(member),
    failOver: () => members.failOver(),
    start: () => server.start(),
    stop: async () => {
      await server.stop();
      members.close();
    },
  };
}

class Facade {
  requestBytesMax = MAX_REQUEST_BYTES;
  quota = null;
  #members;
  #journal;

  constructor(members, journal, { token, readOnlyToken }) {
    this.#members = members;
    this.#journal = journal;
    this.token = token;
    this.readOnlyToken = readOnlyToken;
  }

  async serve(request, response) {
    const entry = this.#journal.request(request);
    let reply;
    try {
      reply = await this.#answer(request, entry);
    } catch (error) {
      // A client that left while it was sending its body waits for no answer.
      if (response.destroyed) return;
      entry.bytesUp ||= error.bytes ?? 0;
      reply = error instanceof RequestError ? failure(error.status, error.message) : failure(500, `ERR ${error.message}`);
    }
    request.resume();
    const length = Buffer.byteLength(reply.body);
    this.#journal.answered(entry, reply.status, entry.bytesUp, length);
    response.writeHead(reply.status, {
      "content-type": reply.type ?? "application/json",
      "content-length": length,
      "upstash-sync-token": entry.newSyncToken ?? this.#members.token(entry.syncToken),
      ...reply.headers,
    });
    response.end(request.method === "HEAD" ? undefined : reply.body);
  }

  async #answer(request, entry) {
    const [path, query = ""] = splitOnce(request.url, "?");
    const access = this.#access(request, query);
    if (!access) return failure(401, WRONG_TOKEN);
    if (!METHODS.includes(request.method)) {
      return { ...failure(405, "ERR method not allowed"), headers: { allow: METHODS.join(", ") } };
    }
    const encoding = replyEncoding(request.headers);
    const body = await readBody(request, this.requestBytesMax);
    entry.bytesUp = body.length;
    if (this.quota) throw new RequestError(this.quota.error, this.quota.status);
    const posted = request.method === "POST" || request.method === "PUT";
    if (path === "/pipeline" || path === "/multi-exec") {
      if (!posted) return { ...failure(405, "ERR method not allowed"), headers: { allow: "POST, PUT" } };
      const commands = parseCommands(body);
      return path === "/pipeline"
        ? this.#pipeline(commands, access, encoding, entry)
        : this.#transaction(commands, access, encoding, entry);
    }
    const command = path === "/" && posted ? parseCommand(body) : parsePath(path, query, body);
    return this.#single(command, access, encoding, entry);
  }

  #access(request, query) {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const given = bearer ?? new URLSearchParams(query).get("_token");
    if (!given) return null;
    if (given === this.token) return "full";
    return given === this.readOnlyToken ? "read-only" : null;
  }

  async #single(command, access, encoding, entry) {
    const [reply] = await this.#run([command], access, entry);
    const status = reply.value instanceof RedisError ? 400 : 200;
    if (encoding.resp2) return { status, type: "application/octet-stream", body: reply.raw };
    return { status, body: itemText(reply.value, encoding.base64) };
  }

  async #pipeline(commands, access, encoding, entry) {
    const replies = await this.#run(commands, access, entry);
    if (encoding.resp2) {
      const count = Buffer.from(`*${replies.length}\r\n`);
      const body = Buffer.concat([count, ...replies.map(({ raw }) => raw)]);
      return { status: 200, type: "application/octet-stream", body };
    }
    return { status: 200, body: `[${replies.map(({ value }) => itemText(value, encoding.base64)).join(",")}]` };
  }

  // Runs what may run, in order and in one write; what may not is answered in its place.
  async #run(commands, access, entry) {
    const refusals = await Promise.all(commands.map((command) => this.#refusal(command, access)));
    const allowed = commands.filter((_, index) => !refusals[index]);
    const replies = await this.#batch(allowed, entry);
    let next = 0;
    return commands.map((command, index) =>
      refusals[index] ? errorReply(refusals[index]) : this.#bounded(renamed(replies[next++], command)),
    );
  }

  async #transaction(commands, access, encoding, entry) {
    if (encoding.resp2) return failure(400, "ERR response format resp2 is not supported for transactions");
    for (const command of commands) {
      const refusal = await this.#refusal(command, access);
      if (refusal) return failure(400, refusal);
    }
    const batch = [MULTI, ...commands, EXEC];
    const replies = await this.#batch(batch, entry);
    const queueing = replies.slice(1, -1);
    const rejected = queueing.findIndex((reply) => reply.value instanceof RedisError);
    if (rejected !== -1) return failure(400, renamed(queueing[rejected], commands[rejected]).value.message);
    const outcome = replies.at(-1).value;
    if (outcome instanceof RedisError) return failure(400, outcome.message);
    return { status: 200, body: `[${outcome.map((value) => itemText(value, encoding.base64)).join(",")}]` };
  }

  #bounded(reply) {
    const { length } = reply.raw;
    return length > this.requestBytesMax ? errorReply(sizeExceeded(length, this.requestBytesMax)) : reply;
  }

  async #refusal(command, access) {
    if (!isAvailable(command)) return unavailable(commandName(command));
    if (access === "read-only" && !(await this.#members.commandTable.isAllowedToReaders(command))) {
      return `NOPERM this user has no permissions to run the '${commandName(command).toLowerCase()}' command`;
    }
    return null;
  }

  async #batch(commands, entry) {
    const ran = this.#journal.running(entry, commands);
    const { replies, token } = await this.#members.run(commands, entry.syncToken);
    entry.newSyncToken = token;
    ran(replies);
    return replies;
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

function errorReply(message) {
  return { value: new RedisError(message), raw: Buffer.from(`-${message}\r\n`) };
}

function failure(status, message) {
  return { status, body: JSON.stringify({ error: message }) };
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
