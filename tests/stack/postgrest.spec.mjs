// Where PostgREST comes from on a machine that npm has none for.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { postgrestBinary } from "../../dev/stack/database/postgrest.mjs";

let folder, installed;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "postgrest-"));
  installed = join(folder, process.platform === "win32" ? "postgrest.exe" : "postgrest");
  writeFileSync(installed, "", { mode: 0o755 });
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("npm's is taken, then the one on PATH; POSTGREST_BIN before both", () => {
  const ofNpm = process.execPath;
  assert.equal(postgrestBinary({ PATH: folder }, ofNpm), ofNpm);
  assert.equal(postgrestBinary({ PATH: folder }, null), installed);
  assert.equal(postgrestBinary({ PATH: folder }, join(folder, "gone")), installed);
  assert.equal(postgrestBinary({ PATH: "", POSTGREST_BIN: installed }, ofNpm), installed);
});

test("none at all is one line that says what to do", () => {
  assert.throws(() => postgrestBinary({ PATH: "/nowhere" }, null), /^Error: npm has no PostgREST for \S+: install it .+ POSTGREST_BIN$/);
  assert.throws(() => postgrestBinary({ POSTGREST_BIN: "/nowhere/postgrest" }), /POSTGREST_BIN=\/nowhere\/postgrest is no program/);
});
