// What the origin answers for a catalog, as files for the native benchmark: its providers, and the pages of its mappings.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOrigin } from "../../tests/worker/origin.mjs";
import { catalogOf } from "./catalog.mjs";

const PAGE_ROWS = 1000;

/** Writes providers.json, page0.json, page1.json and so on into a folder. */
export async function writeInputs(models, folder) {
  mkdirSync(folder, { recursive: true });
  const origin = await startOrigin(catalogOf(models));
  try {
    const ask = async (query) => (await fetch(`${origin.url}/rest/v1/${query}`)).text();
    const providers = await ask(`providers?limit=${PAGE_ROWS}&offset=0`);
    writeFileSync(join(folder, "providers.json"), providers);
    const ids = JSON.parse(providers).map(({ id }) => id).join(",");
    for (let page = 0; ; page += 1) {
      const query = `provider_id=in.(${ids})&models.is_active=is.true&limit=${PAGE_ROWS}&offset=${page * PAGE_ROWS}`;
      const rows = await ask(`unique_models_provider?${query}`);
      if (rows === "[]") return;
      writeFileSync(join(folder, `page${page}.json`), rows);
    }
  } finally {
    await origin.stop();
  }
}
