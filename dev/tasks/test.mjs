// Every test: lints, native tests, the built Worker over real servers, and a minute of load and faults.
import { runTask } from "../run.mjs";

runTask("lint");
runTask("test-native");
runTask("test-worker");
runTask("soak", [], { SOAK_SECONDS: "60" });
