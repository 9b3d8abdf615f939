"""SG450 to SG454: what Prometheus cannot probe, select or tell apart."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG450": make(
        "what is no metric",
        "A metric is stated by its name, with labels that must be equal where it needs any. For "
        "anything else, record a metric of your own in Prometheus and name that.",
        "outputs: {prometheus: {enabled: true, tenants_metric: sum by (shard) (tenants)}}",
        "outputs: {prometheus: {enabled: true, tenants_metric: business_tenants}}",
    ),
    "SG451": make(
        "times of the probes that do not fit",
        "A probe ends before the next one begins. Prometheus forgets a series five minutes after "
        "its last sample, so that probes are two minutes apart at most.",
        "outputs: {prometheus: {enabled: true, interval: 5s, timeout: 10s}}",
        "outputs: {prometheus: {enabled: true, interval: 15s, timeout: 10s}}",
    ),
    "SG452": make(
        "a label that cannot be added",
        "A label is letters, digits and '_'. Those that tell shards and alerts apart (shard, "
        "service, host, state, job, instance, severity, alertname) are set already.",
        "outputs: {prometheus: {enabled: true, labels: {service: whatsapp}}}",
        "outputs: {prometheus: {enabled: true, labels: {product: whatsapp}}}",
    ),
    "SG453": make(
        "one metric of the volumes without the other",
        "How full a volume is takes both: its free bytes and its size.",
        "outputs:\n"
        "  prometheus: {enabled: true, volume_free_metric: kubelet_volume_stats_available_bytes}",
        "outputs:\n"
        "  prometheus:\n"
        "    enabled: true\n"
        "    volume_free_metric: kubelet_volume_stats_available_bytes\n"
        "    volume_size_metric: kubelet_volume_stats_capacity_bytes",
    ),
    "SG454": make(
        "volumes that a label does not tell apart",
        "The alert on full volumes finds a shard by the value of volume_label, so that no two "
        "shards may have the same.",
        "outputs: {prometheus: {volume_label: mountpoint, volume_name: /mnt/data, …}}",
        'outputs: {prometheus: {volume_label: mountpoint, volume_name: "/mnt/{volume}", …}}',
    ),
}
