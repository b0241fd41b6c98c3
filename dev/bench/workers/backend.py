"""The same catalog as a Python service is usually written: each request reads the value from Redis and parses it."""

import json
import os
from typing import Literal

import redis
from fastapi import FastAPI, HTTPException, Query

app = FastAPI()
client = redis.Redis(port=int(os.environ["REDIS_PORT"]), decode_responses=True)

KEYS = {
    "provider_count": lambda model: model["provider_count"],
    "name": lambda model: model["name"].lower(),
    "cheapest_price": lambda model: float(model["cheapest_prompt_price"] or "inf"),
}


@app.get("/{catalog}/models/unique")
def unique_models(
    catalog: str,
    limit: int = Query(100, ge=1, le=1000),
    offset: int = Query(0, ge=0),
    min_providers: int | None = Query(None, ge=1),
    sort_by: Literal["provider_count", "name", "cheapest_price"] = "provider_count",
    order: Literal["asc", "desc"] = "desc",
    include_inactive: bool = False,
):
    text = client.get(catalog)
    if text is None:
        raise HTTPException(503, "The model catalog is temporarily unavailable")
    models = [model for model in json.loads(text) if min_providers is None or model["provider_count"] >= min_providers]
    models.sort(key=KEYS[sort_by], reverse=order == "desc")
    return {
        "models": models[offset : offset + limit],
        "total": len(models),
        "limit": limit,
        "offset": offset,
        "filters": {"min_providers": min_providers, "include_inactive": include_inactive},
        "sort": {"by": sort_by, "order": order},
    }
