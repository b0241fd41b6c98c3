// What a deployment takes from wrangler.toml.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { unstable_readConfig as readConfig } from "wrangler";

test("a deployment leaves alone what the dashboard or a rollback set", () => {
  const config = readConfig({ config: fileURLToPath(new URL("../../wrangler.toml", import.meta.url)) });
  assert.equal(config.keep_vars, true);
  assert.deepEqual(config.vars, {}, "a var that is named here, even an empty one, replaces the dashboard's");
});
