// Deploys one environment of wrangler.toml: checks, deploys, warms, and looks at what it deployed.
//   npm run deploy -- --env staging [--dry-run] [--prebuilt] [--upload] [--secrets-file FILE] [--url https://…]
// --dry-run does all that needs no account. --prebuilt takes build/ as a release has it, and needs no Rust. --upload makes a
// version that serves nobody yet, to be rolled out in steps.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findOrMakeNamespace, missingSecrets, secretsIn } from "../../deploy/account.mjs";
import { addressIn, versionIn } from "../../deploy/report.mjs";
import { describe, environments, write } from "../../deploy/configuration.mjs";
import { smoke, warm } from "../../deploy/smoke.mjs";
import { wrangler } from "../../deploy/wrangler.mjs";
import { runTask } from "../../run.mjs";
import { isBuilt } from "../../sources.mjs";

const { env: name, "dry-run": isDry, prebuilt: isPrebuilt, upload: isUpload, "secrets-file": secretsFile, url: givenUrl } = options();
const { worker, namespace, required } = describe(name);

try {
  await main();
} catch (error) {
  process.stderr.write(`[deploy] ${error.message}\n`);
  process.exit(1);
}

async function main() {
  assertCommitted();
  const token = isDry || isUpload ? undefined : adminToken();
  if (!isDry) await assertSecrets();
  build();
  if (isDry) {
    await ship(write(name, namespace.id), ["--dry-run"]);
    return say(`a dry run ends here: ${worker} is not deployed, and no account was asked`);
  }
  const id = namespace.id ?? (await findOrMakeNamespace(namespace.title));
  say(`KV namespace ${namespace.title}: ${id}`);
  const report = await ship(write(name, id), secretsFile ? ["--secrets-file", secretsFile] : []);
  if (isUpload) return sayHowToRollOut(versionIn(report));
  const url = givenUrl ?? addressIn(report);
  try {
    if (!url) throw new Error("wrangler named no address: repeat with --url https://…");
    say(await warm(url, token));
    for (const line of await smoke(url, token)) say(line);
  } catch (error) {
    throw new Error(`${worker} is deployed, but: ${error.message}
[deploy] Back to the version before:  npx wrangler rollback --env ${name}
[deploy] Take the caches out of the way instead: EDGE_MODE=passthrough (docs/operations.md, "Doing things")`);
  }
  say(`${worker} is deployed and warm: ${url}`);
}

function options() {
  const flags = { env: { type: "string" }, "secrets-file": { type: "string" }, url: { type: "string" } };
  const off = { type: "boolean", default: false };
  const switches = { "dry-run": off, prebuilt: off, upload: off };
  try {
    const { values } = parseArgs({ options: { ...flags, ...switches } });
    if (!environments().includes(values.env)) throw new Error(`--env must be one of: ${environments().join(", ")}`);
    return values;
  } catch (error) {
    process.stderr.write(`[deploy] ${error.message}\n`);
    process.exit(1);
  }
}

// What is deployed can be found again, and built again. A source archive has no history to compare with.
function assertCommitted() {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], { encoding: "utf8" });
  if (status !== 0) return say("this is no git checkout: what is deployed is not compared with a commit");
  if (stdout === "") return;
  const message = `these files differ from the commit:\n${stdout}`;
  if (!isDry) throw new Error(`${message}[deploy] Commit them, or put them away, then deploy.`);
  say(`${message}[deploy] A deployment would end here.`);
}

function adminToken() {
  const inFile = secretsFile && secretsIn(readFileSync(secretsFile, "utf8")).ADMIN_TOKEN;
  const token = process.env.ADMIN_TOKEN || inFile;
  if (!token) throw new Error("ADMIN_TOKEN is not set in this shell: without it nothing can be warmed, nor looked at");
  return token;
}

async function assertSecrets() {
  const missing = await missingSecrets(required, worker, secretsFile);
  if (missing.length === 0) return;
  const commands = missing.map((secret) => `[deploy]   npx wrangler secret put ${secret} --env ${name}`);
  throw new Error(`these secrets of ${worker} are not set: ${missing.join(", ")}
${commands.join("\n")}
[deploy] Or put them into a file, as .dev.vars.example shows, and add --secrets-file FILE: for a first deployment the only way.`);
}

function build() {
  if (isPrebuilt) {
    if (!isBuilt()) throw new Error("build/ is not there, or was made of other sources: unpack the release of this very version");
    return say("build/ is of these sources");
  }
  say("lints and native tests: what fails them is not deployed");
  runTask("lint");
  runTask("test-native");
  runTask("build");
}

// Gives what wrangler reports of it.
async function ship(config, more) {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  const report = join(folder, "report.ndjson");
  const command = isUpload ? ["versions", "upload"] : ["deploy"];
  try {
    const args = [...command, "--config", config, "--env", name, "--message", `commit ${commit()}`, ...more];
    const { ok } = await wrangler(args, { isShown: true, env: { WRANGLER_OUTPUT_FILE_PATH: report } });
    if (!ok) throw new Error(`wrangler ${command.join(" ")} failed: see above. What serves now:  npx wrangler deployments status --env ${name}`);
    return existsSync(report) ? readFileSync(report, "utf8") : "";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sayHowToRollOut(version) {
  const roll = (...shares) => `npx wrangler versions deploy ${shares.join(" ")} --env ${name} --yes`;
  say(`${version} is uploaded, and serves nobody yet. In steps (docs/operations.md, "Rolling out and back"):
[deploy]   ${roll(`${version}@10%`, "<the one that serves>@90%")}
[deploy]   ${roll(`${version}@100%`)}`);
}

function commit() {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--tags", "--dirty"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "unknown";
}

function say(text) {
  process.stdout.write(`[deploy] ${text}\n`);
}
