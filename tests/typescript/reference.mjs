// What docs/consumers.md says, word for word and from the table alone: no line of it is the router's.
// Reads jobs from stdin: a table, an environment, pairs of a tenant (as text) and a shard or null.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

class Refused extends Error {}

function numberIn(environment, variable, unset, most) {
  const text = environment[variable];
  if (text === undefined) return unset;
  const number = /^\s*[0-9]{1,9}\s*$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw new Refused("variable");
  return number;
}

function urlIn(environment, variable) {
  return (environment[variable] ?? "").trim().replace(/\/+$/, "");
}

/** Rule 1: how many shards there are, and the ids that the fallback picks from. */
function fallbackOf(table, environment) {
  const live = table.shards.filter((shard) => shard.state !== "retired").length;
  const count = numberIn(environment, table.variables.count, live, 100_000);
  const { ids, weights, counted } = table.routing;
  if (!counted && count !== live) throw new Refused("count");
  return { count, ids: counted ? Array.from({ length: count }, (_, i) => i + 1) : ids, weights };
}

function md5(text) {
  return createHash("md5").update(text).digest("hex");
}

/** Rule 3: the shard of a tenant without one. */
function fallback(kind, { ids, weights }, tenant) {
  const count = BigInt(ids.length);
  if (kind === "md5") return ids[Number(BigInt(`0x${md5(String(tenant))}`) % count)];
  if (kind === "modulo") return ids[Number(((tenant % count) + count) % count)];
  const draws = ids.flatMap((id, place) =>
    Array.from({ length: weights[place] }, (_, draw) => [md5(`${tenant}:${id}:${draw + 1}`), id]),
  );
  return draws.reduce((best, each) => (each[0] > best[0] ? each : best))[1];
}

/** Rule 4: the URL of a shard. */
function urlOf(table, environment, count, port, id) {
  const stated = urlIn(environment, table.variables.url.replace("{id}", id));
  if (stated) return stated;
  if (id === 1 && count === 1 && table.url.alone !== null) {
    const url = urlIn(environment, table.variables.alone);
    return url || table.url.alone.replace("{port}", port);
  }
  const shard = table.shards.find((each) => each.id === id);
  if (shard?.stated) return shard.url;
  return table.url.rule.replace("{id}", id).replace("{port}", port);
}

function answer(table, environment, tenant, given) {
  const found = fallbackOf(table, environment);
  const port = numberIn(environment, table.variables.port, table.port, 65_535);
  if (given === null || given <= 0) {
    const id = fallback(table.routing.fallback, found, BigInt(tenant));
    return [id, urlOf(table, environment, found.count, port, id)];
  }
  const shard = table.shards.find((each) => each.id === given); // rule 2
  if (shard?.state === "retired") throw new Refused(`retired, ${shard.move_to}`);
  const isKnown = shard || (table.routing.counted && given <= found.count);
  if (!isKnown && table.routing.unknown_shard === "error") throw new Refused("unknown");
  return [given, urlOf(table, environment, found.count, port, given)];
}

const jobs = JSON.parse(readFileSync(0, "utf8"));
const answers = jobs.map(({ table, environment, calls }) =>
  calls.map(([tenant, given]) => {
    try {
      return answer(table, environment, tenant, given);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }),
);
process.stdout.write(JSON.stringify(answers));
