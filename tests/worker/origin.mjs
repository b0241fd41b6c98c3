// An origin for catalogs of megabytes: it answers the Worker's queries from rows in memory, as PostgREST would, in
// milliseconds. That PostgREST does answer so is what the specs over the whole stack show. Of prices other rows tell nothing.
import { HttpServer } from "../../dev/stack/shared/http-server.mjs";

const PAGE_ROWS_MAX = 1000;

/**
 * Returns {url, vars, requests, loads(), change(), stop()}: `vars` let a Worker ask it, `loads()` counts first pages
 * since the start, and change() gives every offer, or the first so many, another description.
 */
export async function startOrigin(tables) {
  const requests = [];
  const registry = tables.providers.filter(({ is_active }) => is_active);
  const providers = registry.map(({ id, slug, name }) => ({ id, slug, name }));
  const rows = rowsOf(tables);
  // One answer after the other, each once the one before it was sent: what a Worker holds at once must not depend on how busy the
  // machine is.
  let sent = Promise.resolve();
  const server = new HttpServer(async (request, response) => {
    const before = sent;
    sent = new Promise((resolve) => response.once("close", resolve));
    await before;
    const { pathname, searchParams } = new URL(request.url, "http://origin");
    requests.push(request.url);
    const found = foundIn(pathname.split("/").at(-1), searchParams);
    const offset = Number(searchParams.get("offset"));
    const page = found.slice(offset, offset + Math.min(PAGE_ROWS_MAX, Number(searchParams.get("limit"))));
    const range = page.length === 0 ? "*" : `${offset}-${offset + page.length - 1}`;
    response.writeHead(page.length < found.length ? 206 : 200, {
      "content-type": "application/json; charset=utf-8",
      "content-range": `${range}/${found.length}`,
    });
    response.end(JSON.stringify(page));
  });
  const foundIn = (table, searchParams) => {
    if (table === "providers") return searchParams.get("select")?.includes("metadata") ? registry : providers;
    return table === "models" ? offeredBy(tables, searchParams) : chosen(rows, searchParams);
  };
  await server.start();
  return {
    url: server.url,
    vars: { SUPABASE_URL: server.url },
    requests,
    loads: () => requests.filter((url) => url.includes("/unique_models_provider?") && url.includes("&offset=0")).length,
    change: (most = rows.length) => rows.slice(0, most).forEach(({ row }) => (row.models.description = `${row.models.description ?? ""} changed`)),
    stop: () => server.stop(),
  };
}

function chosen(rows, searchParams) {
  const enabled = new Set(/in\.\((.*)\)/.exec(searchParams.get("provider_id"))[1].split(",").map(Number));
  const all = !searchParams.has("models.is_active");
  return rows.filter(({ row, isActive }) => enabled.has(row.provider_id) && (all || isActive)).map(({ row }) => row);
}

function offeredBy({ providers, models }, searchParams) {
  const slug = /^eq\.(.*)$/.exec(searchParams.get("providers.slug") ?? "")?.[1];
  const provider = providers.find((row) => row.slug === slug);
  if (!provider) return [];
  const { site_url = null, logo_url = null } = provider;
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return models
    .filter(({ provider_id, is_active }) => provider_id === provider.id && is_active)
    .sort((a, b) => compare(a.model_name, b.model_name) || a.id - b.id)
    .map((row) => ({ ...row, providers: { site_url, logo_url }, model_pricing: null }));
}

function rowsOf({ models, unique_models, unique_models_provider }) {
  const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
  const [modelOf, uniqueOf] = [byId(models), byId(unique_models)];
  return unique_models_provider.flatMap(({ id, unique_model_id, provider_id, model_id }) => {
    const [model, unique] = [modelOf.get(model_id), uniqueOf.get(unique_model_id)];
    if (!model || !unique) return [];
    const { model_name, context_length, health_status, average_response_time_ms, modality, description } = model;
    const { supports_streaming, supports_function_calling, supports_vision, metadata } = model;
    const offer = {
      ...{ model_name, context_length, health_status, average_response_time_ms, modality },
      ...{ supports_streaming, supports_function_calling, supports_vision, description },
      pricing: metadata?.pricing_raw ?? null,
    };
    const { model_name: name, sample_model_id } = unique;
    const row = {
      ...{ id, unique_model_id, provider_id },
      unique_models: { id: unique_model_id, model_name: name, sample_model_id },
      models: offer,
    };
    return [{ row, isActive: model.is_active !== false }];
  });
}
