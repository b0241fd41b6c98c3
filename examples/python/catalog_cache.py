"""The functions of the backend's cache module, answered by the edge (docs/migration.md has the table of names).

    EDGE_URL=http://127.0.0.1:8787 ADMIN_TOKEN=… python3 -c '
    from catalog_cache import get_cached_gateway_catalog, invalidate_provider_catalog
    print(len(get_cached_gateway_catalog("groq")))
    invalidate_provider_catalog("groq")'

What reads needs no token; what invalidates, warms or looks into the cache does. Nothing is kept here but the pages of
provider catalogs with their validators, so that reading one again that did not change moves no body. A call that failed
raises `CatalogError`: an empty list means an empty catalog and nothing else. The standard library is enough.
"""

from __future__ import annotations

import json
import os
import time
from functools import lru_cache
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

__all__ = [
    "CatalogError", "ModelCatalogCache", "cache_gateway_catalog", "clear_all_model_caches", "clear_gateway_error",
    "get_cached_full_catalog", "get_cached_gateway_catalog", "get_cached_model_relationships_by_provider",
    "get_cached_model_relationships_by_unique", "get_cached_unique_model", "get_cached_unique_models",
    "get_catalog_cache_stats", "get_model_catalog_cache", "invalidate_full_catalog", "invalidate_gateway_catalog",
    "invalidate_provider_catalog", "invalidate_unique_models", "is_gateway_in_error_state",
    "set_cached_gateway_catalog", "warm_cache",
]  # fmt: skip

JsonObject = dict[str, Any]

# The largest page that the edge gives.
PAGE = 1000
# A catalog that changes while it is read is read again so often.
PASSES_MAX = 10
# Longer than the edge takes for anything, a warm run of all that one call may name apart.
TIMEOUT_SECONDS = 30.0
# A 503 that says when to come again is obeyed for so long: while nothing is cached yet, `all` is loaded part by part.
PATIENCE_SECONDS = 20.0


class CatalogError(Exception):
    """A call that did nothing, or failed.

    `detail` is the Worker's own sentence; `status` the HTTP status, or None where there was no answer; `retry_after`
    the seconds after which it may go well; `body` the answer as JSON, which of a failed warm run is its report.
    """

    def __init__(self, detail: str, status: int | None = None, retry_after: int | None = None, body: Any = None) -> None:
        super().__init__(detail if status is None else f"{status}: {detail}")
        self.detail, self.status, self.retry_after, self.body = detail, status, retry_after, body


class _Stay(HTTPRedirectHandler):
    """No redirection is followed: the token would be sent along, wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


class ModelCatalogCache:
    """One Worker, by its address; `admin_token` is its `ADMIN_TOKEN`. May be shared by threads."""

    def __init__(
        self,
        base_url: str,
        admin_token: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        if not base_url.startswith(("https://", "http://")):
            raise ValueError("the address of the Worker begins with https:// or http://")
        token = (admin_token or "").strip()
        # http.client would show a header that it refuses.
        if not (token.isascii() and (token == "" or token.isprintable())):
            raise ValueError("the token has characters that a header cannot have")
        self._base = base_url.rstrip("/")
        self._token, self._timeout, self._patience = token, timeout, patience
        self._opener = build_opener(_Stay)
        self._pages: dict[str, tuple[str, bytes]] = {}

    # What the edge has.

    def get_cached_gateway_catalog(self, gateway: str) -> list[JsonObject]:
        """Every model of a provider, by its slug or an alias in any letter case; of all providers for `all`."""
        for _ in range(PASSES_MAX):
            models: list[JsonObject] = []
            pages, is_news, offset = 0, False, 0
            while offset is not None:
                query = urlencode({"gateway": gateway, "limit": PAGE, "offset": offset})
                page, is_new = self._page(f"/v1/models?{query}")
                models += page["data"]
                pages, is_news, offset = pages + 1, is_news or is_new, page["next_offset"]
            # Pages that all are what they were when the last of them was first read have been there together.
            if pages == 1 or not is_news:
                return models
        raise CatalogError(f"the catalog of {gateway} changed whenever it was read")

    def get_cached_full_catalog(self) -> list[JsonObject]:
        """Every model of every provider. Never a part: while one provider can be read nowhere this raises."""
        return self.get_cached_gateway_catalog("all")

    def get_cached_unique_models(
        self,
        *,
        include_inactive: bool = False,
        min_providers: int | None = None,
        sort_by: str = "provider_count",
        order: str = "desc",
    ) -> list[JsonObject]:
        """Each model once, with those that offer it; all of it of one version, however it changes meanwhile."""
        query: JsonObject = {"sort_by": sort_by, "order": order, "include_inactive": str(include_inactive).lower()}
        if min_providers is not None:
            query["min_providers"] = min_providers
        for _ in range(PASSES_MAX):
            models: list[JsonObject] = []
            cursor: str | None = "*"
            try:
                while cursor is not None:
                    page = self._read("/models/unique?" + urlencode({**query, "limit": PAGE, "cursor": cursor}))
                    models += page["models"]
                    cursor = page["next_cursor"]
                return models
            except CatalogError as error:
                # 410: this version was invalidated, and the walk begins anew.
                if error.status != 410:
                    raise
        raise CatalogError("the unique models were invalidated whenever they were read")

    def get_cached_unique_model(self, model_name: str) -> JsonObject | None:
        """The model that is called exactly so, with those that offer it; None if none is."""
        models = self._read("/models/unique?" + urlencode({"name": model_name}))["models"]
        return models[0] if models else None

    def get_cached_model_relationships_by_unique(self, model_name: str) -> JsonObject | None:
        """Who offers the model that is called exactly so, `{model, providers, provider_count}`; None if none is."""
        model = self.get_cached_unique_model(model_name)
        if model is None:
            return None
        slugs = [offer["slug"] for offer in model["providers"]]
        return {"model": model["name"], "providers": slugs, "provider_count": model["provider_count"]}

    def get_cached_model_relationships_by_provider(self, provider_slug: str) -> JsonObject | None:
        """What a provider offers, `{provider, models, count}`; None if there is no such provider."""
        try:
            listing = self._read(f"/providers/{quote(provider_slug, safe='')}/models?limit=1&fields=id")
        except CatalogError as error:
            if error.status == 404:
                return None
            raise
        return listing["relation"]

    def get_catalog_cache_stats(self) -> JsonObject:
        """Counters of all isolates, and what the one that answers knows."""
        return self._operate("GET", "/api/system/cache/stats")

    # What changes it.

    def set_cached_gateway_catalog(self, gateway: str, models: list[JsonObject]) -> NoReturn:
        """Always raises: the edge takes models from the database alone. Write them there, then `warm_cache([gateway])`."""
        raise CatalogError(f"the edge reads {gateway} from the database: write its {len(models)} models there, then warm_cache")

    def invalidate_provider_catalog(self, gateway: str, *, mode: str = "hard") -> JsonObject:
        """Declares one provider's catalog wrong, in every tier. `soft`: what is young enough is served while it is read anew."""
        return self._clear(cache_type="provider", provider=gateway, mode=mode)

    def clear_all_model_caches(self, *, mode: str = "hard") -> JsonObject:
        """Declares everything wrong: the unique models, the providers' catalogs, and who the providers are."""
        return self._clear(cache_type="all", mode=mode)

    def warm_cache(self, providers: list[str] | None = None, *, force: bool = False) -> JsonObject:
        """Reads these providers from the database and publishes them; without any, the unique models. `force` lets in
        what lost more than half of its models. Raises if any of it failed; the error's `body` is the report."""
        if providers == []:
            return {"warmed": [], "behind": []}
        wanted = {} if providers is None else {"providers": providers}
        report = self._operate("POST", "/api/system/cache/warm", {"force": force, **wanted})
        parts = [("unique models", report)] if providers is None else [(one["provider"], one) for one in report["warmed"]]
        failed = [f"{name}: {part['error']}" for name, part in parts if part["error"] is not None]
        if failed:
            raise CatalogError("; ".join(failed), 200, body=report)
        return report

    # Loads that failed.

    def is_gateway_in_error_state(self, gateway: str) -> bool:
        """Whether the database is left alone because loads of this provider failed. What is cached is served meanwhile."""
        name = f"provider:{self._slug(gateway)}"
        stats = self.get_catalog_cache_stats()
        shared, own = stats["sources"].get(name, {}), stats["isolate"]["backoff"].get(name, {})
        return bool(shared.get("backoff_ms") or own.get("remaining_ms"))

    def clear_gateway_error(self, gateway: str) -> JsonObject:
        """Forgets that loads of this provider failed: the next request asks the database."""
        return self._clear(cache_type="provider_errors", provider=gateway)

    # How it is asked.

    def _slug(self, gateway: str) -> str:
        for known in self._read("/v1/gateways")["data"]:
            if gateway.lower() in (name.lower() for name in [known["id"], *known["aliases"]]):
                return known["id"]
        raise CatalogError(f"there is no gateway {gateway!r}")

    def _clear(self, **fields: str) -> JsonObject:
        return self._operate("POST", "/api/system/cache/clear", fields)

    def _operate(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        if not self._token:
            raise CatalogError("this takes the Worker's ADMIN_TOKEN")
        headers = {"Authorization": f"Bearer {self._token}"}
        return json.loads(self._answer(method, path, headers, body)[2])

    def _read(self, path: str) -> JsonObject:
        return json.loads(self._answer("GET", path, {}, None)[2])

    def _page(self, path: str) -> tuple[JsonObject, bool]:
        """A page, and whether it is another one than the last time."""
        known = self._pages.get(path)
        status, etag, text = self._answer("GET", path, {"If-None-Match": known[0]} if known else {}, None)
        if status == 304 and known:
            return json.loads(known[1]), False
        # Kept as text, since the caller may change what he gets.
        if etag:
            self._pages[path] = (etag, text)
        return json.loads(text), True

    def _answer(self, method: str, path: str, headers: dict[str, str], body: JsonObject | None) -> tuple[int, str, bytes]:
        """Status, validator and body of a good answer, or of a 304."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base + path, data, {"Accept": "application/json", **headers}, method=method)
        end = time.monotonic() + self._patience
        while True:
            try:
                try:
                    response = self._opener.open(request, timeout=self._timeout)
                except HTTPError as refusal:
                    response = refusal
                with response:
                    status, told, text = response.status, response.headers, response.read()
            except (OSError, HTTPException) as error:
                raise CatalogError(f"no answer: {getattr(error, 'reason', error)}") from error
            if status == 304 or (status == 200 and told.get_content_type() == "application/json"):
                return status, told.get("ETag", ""), text
            wait = told.get("Retry-After", "")
            seconds = int(wait) if wait.isdecimal() else None
            if method != "GET" or status != 503 or seconds is None or time.monotonic() + seconds > end:
                raise _refusal(status, seconds, text)
            time.sleep(seconds)


def _refusal(status: int, retry_after: int | None, text: bytes) -> CatalogError:
    """What a problem (RFC 9457) says, or of wrong parameters what each of them is wrong about."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        detail = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)
    return CatalogError(detail or "no answer of the Worker's", status, retry_after, body)


@lru_cache(maxsize=1)
def get_model_catalog_cache() -> ModelCatalogCache:
    """The Worker that `EDGE_URL` names, with `ADMIN_TOKEN` if that is set: one for the whole process."""
    return ModelCatalogCache(os.environ["EDGE_URL"], os.environ.get("ADMIN_TOKEN"))


# The names under which callers import them; the methods say what each means. Invalidating the unique models, the full
# catalog or everything is one thing at the edge.


def get_cached_gateway_catalog(gateway: str) -> list[JsonObject]:
    return get_model_catalog_cache().get_cached_gateway_catalog(gateway)


def get_cached_full_catalog() -> list[JsonObject]:
    return get_model_catalog_cache().get_cached_full_catalog()


def get_cached_unique_models(**selection: Any) -> list[JsonObject]:
    return get_model_catalog_cache().get_cached_unique_models(**selection)


def get_cached_unique_model(model_name: str) -> JsonObject | None:
    return get_model_catalog_cache().get_cached_unique_model(model_name)


def get_cached_model_relationships_by_unique(model_name: str) -> JsonObject | None:
    return get_model_catalog_cache().get_cached_model_relationships_by_unique(model_name)


def get_cached_model_relationships_by_provider(provider_slug: str) -> JsonObject | None:
    return get_model_catalog_cache().get_cached_model_relationships_by_provider(provider_slug)


def get_catalog_cache_stats() -> JsonObject:
    return get_model_catalog_cache().get_catalog_cache_stats()


def set_cached_gateway_catalog(gateway: str, models: list[JsonObject]) -> NoReturn:
    get_model_catalog_cache().set_cached_gateway_catalog(gateway, models)


def invalidate_provider_catalog(gateway: str, *, mode: str = "hard") -> JsonObject:
    return get_model_catalog_cache().invalidate_provider_catalog(gateway, mode=mode)


def clear_all_model_caches(*, mode: str = "hard") -> JsonObject:
    return get_model_catalog_cache().clear_all_model_caches(mode=mode)


def warm_cache(providers: list[str] | None = None, *, force: bool = False) -> JsonObject:
    return get_model_catalog_cache().warm_cache(providers, force=force)


def is_gateway_in_error_state(gateway: str) -> bool:
    return get_model_catalog_cache().is_gateway_in_error_state(gateway)


def clear_gateway_error(gateway: str) -> JsonObject:
    return get_model_catalog_cache().clear_gateway_error(gateway)


cache_gateway_catalog = set_cached_gateway_catalog
invalidate_gateway_catalog = invalidate_provider_catalog
invalidate_full_catalog = invalidate_unique_models = clear_all_model_caches
