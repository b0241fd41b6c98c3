// An origin for catalogs of megabytes: it answers the Worker's two queries from rows in memory, as PostgREST would, in
// milliseconds. That PostgREST does answer so is what the specs over the whole stack show.
import { HttpServer } from "../../dev/stack/shared/http-server.mjs";

const PAGE_ROWS_MAX = 1000;

/**
 * Returns {url, vars, requests, loads(), change(), stop()}: `vars` let a Worker ask it, `loads()` counts first pages
 * since the start, and change() gives every offer another description.
 */
export async function startOrigin(tables) {
  const requests = [];
  const providers = tables.providers.filter(({ is_active }) => is_active).map(({ id, slug, name }) => ({ id, slug, name }));
  const rows = rowsOf(tables);
  const server = new HttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://origin");
    requests.push(request.url);
    const found = pathname.endsWith("/providers") ? providers : chosen(rows, searchParams);
    const offset = Number(searchParams.get("offset"));
    const page = found.slice(offset, offset + Math.min(PAGE_ROWS_MAX, Number(searchParams.get("limit"))));
    const range = page.length === 0 ? "*" : `${offset}-${offset + page.length - 1}`;
    response.writeHead(page.length < found.length ? 206 : 200, {
      "content-type": "application/json; charset=utf-8",
      "content-range": `${range}/${found.length}`,
    });
    response.end(JSON.stringify(page));
  });
  await server.start();
  return {
    url: server.url,
    vars: { SUPABASE_URL: server.url },
    requests,
    loads: () => requests.filter((url) => url.includes("/unique_models_provider?") && url.includes("&offset=0")).length,
    change: () => rows.forEach(({ row }) => (row.models.description = `${row.models.description ?? ""} changed`)),
    stop: () => server.stop(),
  };
}

function chosen(rows, searchParams) {
  const enabled = new Set(/in\.\((.*)\)/.exec(searchParams.get("provider_id"))[1].split(",").map(Number));
  const all = !searchParams.has("models.is_active");
  return rows.filter(({ row, isActive }) => enabled.has(row.provider_id) && (all || isActive)).map(({ row }) => row);
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
