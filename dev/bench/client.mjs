// A client with one connection that is kept, as little work as possible beside what is measured.
import http from "node:http";

/** Returns {get(path): Promise<{status, headers, body: Buffer}>, put(path, body), close()}. */
export function clientOf(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path, { method = "GET", body } = {}) =>
    new Promise((resolve, reject) => {
      const request = http.request(new URL(path, url), { agent, method }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      });
      request.on("error", reject);
      request.end(body);
    });
  return {
    get: async (path) => {
      const answer = await ask(path);
      if (answer.status !== 200) throw new Error(`${url}${path}: ${answer.status} ${answer.body.subarray(0, 300)}`);
      return answer;
    },
    put: (path, body) => ask(path, { method: "PUT", body }),
    close: () => agent.destroy(),
  };
}
