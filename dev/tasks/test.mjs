// Every test: lints, native tests, counted instructions, the built Worker over real servers, a short run of the benchmarks,
// and a minute of load and faults.
import { runTask } from "../run.mjs";

runTask("lint");
runTask("test-native");
runTask("measure/instructions");
runTask("test-worker");
runTask("measure/bench", ["--quick"]);
runTask("soak", [], { SOAK_SECONDS: "60" });
