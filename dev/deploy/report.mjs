// Where a deployment can be reached, and which version it is, in what wrangler reports of it.

/** The address of the newest deployment in the lines that wrangler wrote to WRANGLER_OUTPUT_FILE_PATH, or undefined. */
export function addressIn(lines) {
  const targets = newest(lines, "deploy")?.targets ?? [];
  const addresses = targets.map(addressOf).filter(Boolean);
  // A domain of one's own is what clients use, and where the data center's cache works.
  return addresses.find((address) => !address.endsWith(".workers.dev")) ?? addresses[0];
}

/** The id of the newest version that was uploaded without being deployed, or undefined. */
export function versionIn(lines) {
  return newest(lines, "version-upload")?.version_id;
}

function newest(lines, type) {
  const reports = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return reports.findLast((report) => report.type === type);
}

// `https://x.y.workers.dev`, `x.example (custom domain)`, `x.example/* (zone name: x.example)`; others are no addresses.
function addressOf(target) {
  const name = target.split(" ")[0];
  if (name.startsWith("https://")) return name;
  const [host, ...path] = name.split("/");
  const isHost = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(host);
  return isHost && ["", "*"].includes(path.join("/")) ? `https://${host}` : undefined;
}
