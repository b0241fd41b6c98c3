// A stand-in for the platform's account: as much of its API as finding a namespace and listing secrets needs.
import { createServer } from "node:http";

const ACCOUNT = "0123456789abcdef0123456789abcdef";

/**
 * `secrets` are the names of each Worker's secrets, by the Worker's name; others do not exist.
 * Returns {env, namespaces, refuses, stop()}: what wrangler is told of it, what is there, and a switch for no access.
 */
export async function startAccount(secrets) {
  const account = { namespaces: [], refuses: false };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const [status, result] = account.refuses ? [403, failure(10000, "Authentication error")] : answer(request, parts);
    const errors = status === 200 ? [] : [result];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ success: status === 200, errors, messages: [], result: status === 200 ? result : null }));
  });
  const answer = ({ method, url }, parts) => {
    const { pathname, searchParams } = new URL(url, "http://account");
    const path = pathname.replace(`/accounts/${ACCOUNT}/`, "");
    if (path === "storage/kv/namespaces") {
      // wrangler asks for pages until one is empty.
      if (method === "GET") return [200, Number(searchParams.get("page") ?? 1) === 1 ? account.namespaces : []];
      const { title } = JSON.parse(Buffer.concat(parts));
      account.namespaces.push({ id: `id-of-${title}`, title });
      return [200, account.namespaces.at(-1)];
    }
    const worker = /^workers\/scripts\/(.+)\/secrets$/.exec(path)?.[1];
    if (secrets[worker]) return [200, secrets[worker].map((name) => ({ name, type: "secret_text" }))];
    return [404, failure(10007, "This Worker does not exist on your account.")];
  };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  account.env = {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${server.address().port}`,
    CLOUDFLARE_API_TOKEN: "of-the-stand-in",
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
  };
  account.stop = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return account;
}

function failure(code, message) {
  return { code, message };
}
