// Counts the instructions that pure code executes natively (benches/instructions), with valgrind: such a count does not depend
// on what else the machine does. Fails where one is over its budget by more than the room there is; --write makes the budgets
// anew. Arguments choose cases: npm run instructions -- scan.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeInputs } from "../../bench/inputs.mjs";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const budgetsPath = join(root, "benches", "instructions", "budgets.json");
const inputs = join(root, "build", "bench", "inputs");
const ROOM = 0.05;
const SIZES = [234, 3_000];
const CASES = ["transform", "scan", "inflate", "order", "order-filtered", "page", "query", "hit", "index", "filter", "stable"];
// The C library chooses its copying by what the processor has; everywhere the same is chosen here.
const TUNABLES = "glibc.cpu.hwcaps=-AVX512VL,-AVX512F,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";

const say = (text) => process.stdout.write(`[instructions] ${text}\n`);

function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
  if (error || status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? status}\n${stderr ?? ""}`);
  return { stdout, stderr };
}

function builtBench() {
  const args = ["bench", "--locked", "--bench", "instructions", "--no-run", "--message-format=json"];
  const { stdout } = run("cargo", args, { stdio: ["ignore", "pipe", "inherit"] });
  const messages = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return messages.find(({ target, executable }) => target?.name === "instructions" && executable).executable;
}

function counted(binary, name, folder) {
  const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no", "--toggle-collect=*::measured*", binary, name, folder];
  const { stderr } = run("valgrind", args, { env: { ...process.env, GLIBC_TUNABLES: TUNABLES } });
  const count = Number(/Collected : (\d+)/.exec(stderr)?.[1]);
  if (!(count > 0)) throw new Error(`nothing was counted of ${name}:\n${stderr}`);
  return count;
}

if (spawnSync("valgrind", ["--version"], { stdio: "ignore" }).status !== 0) {
  say("nothing is counted: valgrind is not installed (apt-get install valgrind)");
  process.exit(0);
}
const chosen = process.argv.slice(2).filter((argument) => argument !== "--write");
const writes = process.argv.includes("--write");
const budgets = JSON.parse(readFileSync(budgetsPath, "utf8"));
const binary = builtBench();
const over = [];
for (const models of SIZES) {
  const folder = join(inputs, String(models));
  rmSync(folder, { recursive: true, force: true });
  await writeInputs(models, folder);
  for (const name of CASES.filter((name) => chosen.length === 0 || chosen.includes(name))) {
    const label = `${name} ${models}`;
    const count = counted(binary, name, folder);
    const change = count / (budgets[label] ?? count) - 1;
    say(`${label.padEnd(22)} ${count.toLocaleString("en").padStart(14)}  ${change >= 0 ? "+" : ""}${(change * 100).toFixed(1)} %`);
    if (writes) budgets[label] = count;
    else if (!(label in budgets)) over.push(`${label} has no budget`);
    else if (change > ROOM) over.push(`${label}: ${count}, the budget is ${budgets[label]}`);
  }
}
if (writes) writeFileSync(budgetsPath, `${JSON.stringify(budgets, null, 2)}\n`);
if (over.length > 0) {
  process.stderr.write(`[instructions] over budget:\n${over.join("\n")}\nWhat is meant to be: npm run instructions -- --write\n`);
  process.exit(1);
}
