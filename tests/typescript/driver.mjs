// Reads jobs from stdin, runs each on a generated router in an environment of its own, and prints
// what each call gave. argv: the folder of the packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const ts = createRequire(`${process.argv[2]}/`)("typescript");
const options = { target: "ES2022", module: "ES2022", isolatedModules: true };
const world = { now: 0, rows: new Map(), fault: null, asked: [], warnings: [] };
console.warn = (message) => world.warnings.push(message);
Object.defineProperty(globalThis, "performance", { value: { now: () => world.now } });

/** A value as JSON cannot have it: {"$bigint": "1"}, {"$number": "NaN"}, {"$map": [...]}. */
function value(written) {
  if (written === null || typeof written !== "object") return written;
  if ("$bigint" in written) return BigInt(written.$bigint);
  if ("$number" in written) return Number(written.$number);
  if ("$undefined" in written) return undefined;
  if ("$map" in written) return new Map(written.$map.map((pair) => pair.map(value)));
  if (Array.isArray(written)) return written.map(value);
  return Object.fromEntries(Object.entries(written).map(([key, each]) => [key, value(each)]));
}

function shown(found) {
  if (found instanceof Map) return [...found];
  return found === undefined ? null : found;
}

function attempt(act) {
  try {
    return { value: shown(act()) };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

function lookup(tenant) {
  world.asked.push(String(tenant));
  if (world.fault !== null) throw new Error(world.fault);
  return world.rows.get(String(tenant));
}

const acts = {
  each: (router, name, ids, ...rest) => ids.map((id) => router[name](value(id), ...rest)),
  environment: (_, variables) => void (process.env = { ...variables }),
  clock: (_, seconds) => void (world.now = seconds * 1000),
  row: (_, tenant, shard) => void world.rows.set(tenant, shard),
  fault: (_, text) => void (world.fault = text),
  use: (router, ttl) => router.useShardLookup(lookup, ttl),
  promise: (_, tenant) => void world.rows.set(tenant, Promise.resolve(2)),
  nested: (router, ttl) =>
    router.useShardLookup((tenant) => {
      world.asked.push(`${tenant} ${router.shardFor(tenant)}`);
      return 2;
    }, ttl),
  forgetting: (router, ttl) =>
    router.useShardLookup((tenant) => {
      router.forgetShard(tenant);
      return lookup(tenant) ?? 2;
    }, ttl),
  slow: (router, ttl) =>
    router.useShardLookup((tenant) => {
      world.now += 40_000;
      return lookup(tenant) ?? 2;
    }, ttl),
  kinds: (router) =>
    router.useShardLookup((tenant) => void world.asked.push(`${typeof tenant} ${tenant}`)),
  asked: () => world.asked.splice(0),
  warnings: () => world.warnings.splice(0),
  exports: (router) => Object.keys(router),
  shards: (router) => router.SHARDS,
};

const { texts, jobs } = JSON.parse(readFileSync(0, "utf8"));
const made = texts.map((text) => ts.transpileModule(text, { compilerOptions: options }).outputText);
const found = [];
for (const [number, { text, environment, calls }] of jobs.entries()) {
  Object.assign(world, { now: 1e6, rows: new Map(), fault: null, asked: [], warnings: [] });
  process.env = { ...environment };
  const code = Buffer.from(`${made[text]}\n// ${number}`).toString("base64");
  let router;
  try {
    router = await import(`data:text/javascript;base64,${code}`);
  } catch (error) {
    found.push([{ error: error.name, message: error.message }]);
    continue;
  }
  found.push(
    calls.map(([name, ...given]) =>
      attempt(() => {
        const values = given.map(value);
        return name in acts ? acts[name](router, ...values) : router[name](...values);
      }),
    ),
  );
}
process.stdout.write(
  JSON.stringify(found, (_, each) => (typeof each === "bigint" ? String(each) : each)),
);
