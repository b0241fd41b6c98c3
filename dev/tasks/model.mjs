// The protocol's model, searched for longer and in wider worlds than cargo test does: more loads, clears and losses in each.
// MODEL_STATES says how many states of each environment.
import { run } from "../run.mjs";

const states = process.env.MODEL_STATES ?? "6000000";

run("cargo", ["test", "--locked", "--test", "model", "holds", "--", "--nocapture", ...process.argv.slice(2)], { MODEL_STATES: states });
