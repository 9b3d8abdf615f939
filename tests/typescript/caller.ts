// What callers write, and what the compiler keeps them from.
import {
  DEFAULT_SHARD,
  forgetShard,
  getAllShardUrls,
  getBaileysBaseUrl,
  getBaileysBaseUrlForBusiness,
  hashShard,
  pickShard,
  reloadEnvironment,
  shardFor,
  SHARDS,
  ShardError,
  useShardLookup,
} from "./two.ts";
import type { Id, Loads, ShardLookup, Tenant } from "./two.ts";

class Business {
  id = 42n;
  whatsappShard: number | null = null;
  name = "a shop";
}
interface Row {
  readonly id: string;
  readonly whatsapp_shard: number | null;
}

export function urls(row: Row, loads: Map<number, number>): string[] {
  const shard: number = pickShard(loads) + shardFor("42") + hashShard(1, 2) + DEFAULT_SHARD;
  const known: ReadonlyMap<number, string> = SHARDS;
  useShardLookup((tenant) => (tenant === 42 ? 2 : null), 5);
  useShardLookup(null);
  forgetShard();
  forgetShard(42n);
  reloadEnvironment();
  return [
    getBaileysBaseUrl(42),
    getBaileysBaseUrl("42", null),
    getBaileysBaseUrl(42n, shard),
    getBaileysBaseUrlForBusiness(new Business()),
    getBaileysBaseUrlForBusiness(row, 1),
    getBaileysBaseUrlForBusiness(42),
    ...getAllShardUrls().values(),
    ...known.values(),
  ];
}

export function shardOrNull(id: Id, tenant: Tenant, loads: Loads): number | null {
  const lookup: ShardLookup = () => undefined;
  useShardLookup(lookup);
  try {
    getBaileysBaseUrlForBusiness(tenant);
    return pickShard(loads) + pickShard({ 1: 5n, 2: "7" }) + shardFor(id);
  } catch (error) {
    if (error instanceof ShardError) return null;
    throw error;
  }
}

export function wrong(): void {
  // @ts-expect-error a promise is no shard
  useShardLookup(async () => 2);
  // @ts-expect-error a tenant has an id
  getBaileysBaseUrl(null);
  // @ts-expect-error a boolean is no id
  shardFor(true);
  // @ts-expect-error a row that lacks its shard is none
  getBaileysBaseUrlForBusiness({ id: 42 });
  // @ts-expect-error the table is not the caller's
  SHARDS.set(1, "http://localhost");
}
