// Every model of the catalog, page by page, with what it costs at the cheapest provider.
//
//   node examples/every_model.mjs [http://localhost:8787] [min_providers]
//
// Needs `npm start` in another terminal, or the address of a deployed Worker. Node 20 or newer, no packages.

const PAGE = 100;
const ATTEMPTS_MAX = 3;

const [, , base = "http://localhost:8787", minProviders] = process.argv;

/** All models in one order. The catalog may change between two pages: `name` tells whether a model was seen already. */
async function* everyModel(parameters) {
  const seen = new Set();
  let offset = 0;
  let total;
  do {
    const page = await ask({ ...parameters, limit: PAGE, offset });
    for (const model of page.models) {
      if (seen.has(model.name)) continue;
      seen.add(model.name);
      yield model;
    }
    total = page.total;
    offset += PAGE;
  } while (offset < total);
}

async function ask(parameters) {
  const url = `${base}/models/unique?${new URLSearchParams(parameters)}`;
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url);
    if (response.ok) return response.json();
    // 503 says when to come back; anything else that is no success would be the same a moment later.
    const seconds = Number(response.headers.get("retry-after"));
    if (response.status !== 503 || !seconds || attempt === ATTEMPTS_MAX) throw new Error(`${response.status} ${await response.text()}`);
    await new Promise((later) => setTimeout(later, seconds * 1000));
  }
}

const parameters = { sort_by: "cheapest_price", order: "asc", ...(minProviders && { min_providers: minProviders }) };
let count = 0;
for await (const model of everyModel(parameters)) {
  const price = model.cheapest_prompt_price ?? "unknown";
  console.log(`${model.name}\t${price}\t${model.cheapest_provider ?? "-"}\t${model.provider_count} providers`);
  count += 1;
}
console.error(`${count} models`);
